/** One SSH connection by ssh2 to one host: its key verified before anything is said, then logged in by a key, once. */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Problem } from '@fleetmend/shared'
import { Client, type AnyAuthMethod, type NextAuthHandler } from 'ssh2'
import { hostKeyProblem } from '../known-hosts/host-key-problem.ts'
import { acceptHostKey, knownHostsOf, type KnownHosts } from '../known-hosts/known-hosts-files.ts'
import type { SshOutcome } from '../ssh-connection.ts'
import type { SshTarget } from '../ssh-target.ts'
import { countdown } from './countdown.ts'
import { loginKeys, OneKeyAgent, type AskPassphrase, type LoginKeys } from './login-keys.ts'
import { connectTimedOut, hungUp, needsSystemSsh, ssh2Failure, type Ssh2Error } from './ssh2-failure.ts'

export interface HopOptions {
  readonly askPassphrase: AskPassphrase | null
  readonly keepaliveMs: number
  /** Through what it is reached; null: over TCP. */
  readonly through: Duplex | null
}

export interface Hop {
  readonly client: Client
  readonly target: SshTarget
  /** Resolves when the connection is no more; null: this side ended it. */
  readonly ended: Promise<Problem | null>
  /** Why it is gone; null while it is there, and where this side ended it. */
  readonly broken: () => Problem | null
  readonly end: () => void
}

/** A line that answers nothing for so many intervals is dead (ServerAliveCountMax of ssh_config(5)). */
const keepaliveCount = 3
const goodbyeMs = 500

export async function connectHop(
  target: SshTarget,
  options: HopOptions,
  signal: AbortSignal,
): Promise<SshOutcome<Hop>> {
  if (target.beyondSsh2.length > 0)
    return { ok: false, problem: needsSystemSsh(target, `its configuration has ${target.beyondSsh2.join(', ')}`) }
  const known = await knownHostsOf(target)
  if (!known.ok) return known
  const limit = countdown(target.connectLimitMs)
  const keys = await loginKeys(target, options.askPassphrase && limit.notCounting(options.askPassphrase))
  signal.throwIfAborted()
  const login = loginTo(target, known.value, keys)
  const client = new Client()
  // Nagle's algorithm would hold back every small answer for 40 ms.
  const socket = options.through ?? connect({ host: target.hostName, port: target.port, noDelay: true })

  return new Promise((resolve, reject) => {
    let ready = false
    let endedHere = false
    let failure: Problem | null = null
    let resolveEnded: (why: Problem | null) => void
    const ended = new Promise<Problem | null>((resolve) => (resolveEnded = resolve))
    const broken = (): Problem | null => (endedHere ? null : failure)
    const fail = (why: Problem): void => {
      failure ??= why
      // ssh2 only says goodbye, and would wait for a host that does not.
      socket.destroy()
    }
    const abort = (): void => void socket.destroy()
    signal.addEventListener('abort', abort, { once: true })
    limit.begin(() => fail(connectTimedOut(target)))

    client.on('ready', () => {
      ready = true
      limit.end()
      signal.removeEventListener('abort', abort)
      const end = (): void => {
        endedHere = true
        client.end()
        // It said goodbye; who does not hang up then is not waited for.
        setTimeout(() => socket.destroy(), goodbyeMs).unref()
      }
      resolve({ ok: true, value: { client, target, ended, broken, end } })
    })
    client.on('error', (error: Ssh2Error) => {
      // A key that could not sign: the next one has its turn.
      if (error.level !== 'agent')
        fail(login.failed() ?? ssh2Failure(error, { target, authenticated: ready, ...login.tried() }))
    })
    client.on('close', () => {
      limit.end()
      signal.removeEventListener('abort', abort)
      const why =
        failure ?? login.failed() ?? ssh2Failure(new Error(hungUp), { target, authenticated: ready, ...login.tried() })
      failure = why
      resolveEnded(broken())
      if (signal.aborted) reject(signal.reason as Error)
      else resolve({ ok: false, problem: why })
    })
    const offer = async (possible: readonly string[] | null, next: NextAuthHandler): Promise<void> => {
      // False says that there is no more (client.js); the types know nothing of it.
      next((await login.nextMethod(possible)) as AnyAuthMethod)
    }
    client.connect({
      sock: socket,
      username: target.user,
      readyTimeout: 0,
      keepaliveInterval: options.keepaliveMs,
      keepaliveCountMax: keepaliveCount,
      algorithms: {
        serverHostKey: [...known.value.algorithms],
        hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
        compress: ['none'],
      },
      hostVerifier: (key: Buffer) => login.verify(key),
      authHandler: (possible, _partial, next) => void offer(possible, next),
    })
  })
}

/** Whom we talk to, and by which key: what ssh2 asks on the way in. */
function loginTo(target: SshTarget, known: KnownHosts, { keys, leftOut }: LoginKeys) {
  const left = keys.values()
  const offered: string[] = []
  const unused = [...leftOut]
  let methods: readonly string[] | null = null
  let locked: string | null = null
  let failure: Problem | null = null
  let presented: Buffer | null = null
  let accepting: Buffer | null = null

  return {
    failed: () => failure,
    tried: () => ({ offered, leftOut: unused, notOffered: keys.length - offered.length, methods, locked }),
    // Called again whenever keys are exchanged anew: another key then is another host.
    verify(key: Buffer): boolean {
      if (presented !== null) return presented.equals(key)
      presented = Buffer.from(key)
      const verdict = known.judge(presented)
      if (verdict.kind === 'unknown' && target.unknownHost === 'accept-new') accepting = presented
      else failure = hostKeyProblem(verdict, target, presented)
      return failure === null
    },
    /** False: no more. */
    async nextMethod(possible: readonly string[] | null): Promise<AnyAuthMethod | false> {
      // By now the host has proved that the key is its own. It is told nothing before that is written down.
      if (accepting !== null) {
        const accepted = await acceptHostKey(target, accepting)
        failure = accepted.ok ? hostKeyProblem(accepted.value, target, accepting) : accepted.problem
        accepting = null
      }
      if (failure !== null) return false
      // As ssh does: to ask for nothing costs no try, and the host says what is possible.
      if (possible === null) return { type: 'none', username: target.user }
      methods = possible
      const key = possible.includes('publickey') && locked === null ? left.next().value : undefined
      if (key === undefined) return false
      offered.push(key.name)
      const agent = new OneKeyAgent(key, ({ locked: isLocked, says }) => {
        if (isLocked) locked = key.name
        else unused.push(`${key.name} did not sign: ${says}.`)
      })
      return { type: 'agent', username: target.user, agent }
    },
  }
}
