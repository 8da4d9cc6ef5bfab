/** SSH by ssh2, in this process: many hosts at once, each through its jump hosts, with every host on the way verified. */
import type { Duplex } from 'node:stream'
import { problem, safeLine, type Problem } from '@fleetmend/shared'
import type { ClientChannel } from 'ssh2'
import type { SshConnection, SshDriver, SshOutcome } from '../ssh-connection.ts'
import type { SshTarget } from '../ssh-target.ts'
import { channelStream } from './channel-stream.ts'
import type { AskPassphrase } from './login-keys.ts'
import { placeOf } from './place-of.ts'
import { ssh2Connection } from './ssh2-connection.ts'
import { connectHop, type Hop } from './ssh2-hop.ts'

export interface Ssh2DriverOptions {
  /** Null: nobody can be asked. */
  readonly askPassphrase: AskPassphrase | null
  /** A line that is half open is noticed after three of these. */
  readonly keepaliveMs?: number
}

export function ssh2Driver({ askPassphrase, keepaliveMs = 10_000 }: Ssh2DriverOptions): SshDriver {
  return {
    async connect(target, signal) {
      const hops: Hop[] = []
      const endAll = (): void => {
        for (const hop of hops.toReversed()) hop.end()
      }
      try {
        for (const host of [...target.jumps, target]) {
          const through = await wayOn(hops.at(-1), host, signal)
          const hop = through.ok
            ? await connectHop(host, { askPassphrase, keepaliveMs, through: through.value }, signal)
            : through
          if (!hop.ok) {
            endAll()
            return host === target ? hop : { ok: false, problem: onTheWay(hop.problem, host, target) }
          }
          hops.push(hop.value)
        }
      } catch (error) {
        endAll()
        throw error
      }
      return { ok: true, value: overHops(hops, target, endAll) }
    },
  }
}

function overHops(hops: readonly Hop[], target: SshTarget, endAll: () => void): SshConnection {
  // The last of them is the target: there is at least that one.
  return ssh2Connection(hops.at(-1) as Hop, target, endAll)
}

/** Through a jump host on to the next; null: there is none on the way. */
async function wayOn(from: Hop | undefined, to: SshTarget, signal: AbortSignal): Promise<SshOutcome<Duplex | null>> {
  if (from === undefined) return { ok: true, value: null }
  signal.throwIfAborted()
  // sshd before 10 turns Nagle's algorithm off only once a program was started (packet.c, set_interactive): where there is
  // only a way on, each small message waits 40 ms. What becomes of the program does not matter.
  from.client.exec('true', (_error, channel) => void channel?.resume().stderr.resume())
  return new Promise((resolve, reject) => {
    const fail = (says: string): void => {
      const why = `Cannot reach ${placeOf(to)} through ${placeOf(from.target)}: ${safeLine(says)}. Either it does not answer there, or the jump host lets nobody through (AllowTcpForwarding in its sshd_config).`
      resolve({ ok: false, problem: problem('ssh-unreachable', why) })
    }
    const leave = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', leave, { once: true })
    const limit = setTimeout(() => fail(`nothing happened within ${to.connectLimitMs / 1000} s`), to.connectLimitMs)
    from.client.forwardOut('127.0.0.1', 0, to.hostName, to.port, (error: Error | undefined, channel: ClientChannel) => {
      clearTimeout(limit)
      signal.removeEventListener('abort', leave)
      if (error) fail(error.message)
      else resolve({ ok: true, value: channelStream(channel, from) })
    })
  })
}

function onTheWay(what: Problem, jump: SshTarget, target: SshTarget): Problem {
  return {
    ...what,
    detail: `On the way to ${safeLine(target.alias)}, at the jump host ${safeLine(jump.alias)}: ${what.detail}`,
  }
}
