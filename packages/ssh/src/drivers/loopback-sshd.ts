/** For tests: what speaks sshd's protocol on this machine (ssh2's own server), runs real programs, and can misbehave. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, utils, type AuthContext, type Connection, type ServerConfig } from 'ssh2'
import { onTestFinished } from 'vitest'
import type { SshTarget } from '../ssh-target.ts'
import { plainTarget } from './plain-target.ts'

export interface LoopbackOptions {
  readonly hostKeyFile: string
  /** Public keys that are let in, as `ssh-keygen` writes them. */
  readonly authorized: readonly string[]
  /** As sshd has it, for sessions at once on a connection. */
  readonly maxSessions?: number
  readonly maxAuthTries?: number
  readonly methods?: readonly ('publickey' | 'password' | 'keyboard-interactive')[]
  readonly algorithms?: ServerConfig['algorithms']
}

export interface LoopbackSshd {
  readonly port: number
  /** Fingerprint-less record of what was asked: one entry for each try to log in. */
  readonly tries: string[]
  /** Connections that were made so far. */
  readonly connections: () => number
  /** Cuts every line without a word. */
  readonly cut: () => void
  /** Hears and says nothing from now on, with every line still there. */
  readonly freeze: () => void
}

/** An sshd for one test. */
export async function loopbackSshd(options: LoopbackOptions): Promise<LoopbackSshd> {
  const { hostKeyFile, authorized, maxSessions = 10, maxAuthTries = 6, methods = ['publickey'] } = options
  const allowed = authorized.map((text) => Buffer.from(text.split(' ')[1] ?? '', 'base64'))
  const sockets = new Set<Socket>()
  const tries: string[] = []
  let connections = 0
  const server = new Server(
    { hostKeys: [readFileSync(hostKeyFile)], ...(options.algorithms && { algorithms: options.algorithms }) },
    (client) => {
      connections++
      let failures = 0
      client.on('error', () => {})
      client.on('authentication', (auth: AuthContext) => {
        if (auth.method !== 'publickey') {
          if (auth.method !== 'none') tries.push(auth.method)
          return auth.reject([...methods])
        }
        const { key, signature, blob, hashAlgo } = auth
        if (allowed.some((each) => each.equals(key.data))) {
          if (signature === undefined || blob === undefined) return auth.accept()
          const known = utils.parseKey(key.data)
          if (!(known instanceof Error) && known.verify(blob, signature, hashAlgo)) return auth.accept()
        }
        tries.push(`${key.algo} ${key.data.toString('base64')}`)
        if (++failures < maxAuthTries) return auth.reject([...methods])
        // As sshd says it, and hangs up (auth.c).
        client.end()
      })
      serve(client, maxSessions)
    },
  )
  const listener = (server as unknown as { readonly _srv: { on(event: 'connection', run: (s: Socket) => void): void } })
    ._srv
  listener.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    tries,
    connections: () => connections,
    cut,
    freeze: () => {
      for (const socket of sockets) {
        socket.pause()
        socket.removeAllListeners('data')
      }
    },
  }
}

/** As behind a firewall that drops what goes there: the way on is neither opened nor refused (RFC 5737, for examples). */
export const droppedAddress = '192.0.2.1'

function serve(client: Connection, maxSessions: number): void {
  let sessions = 0
  client.on('session', (accept, reject) => {
    if (sessions === maxSessions) return reject()
    sessions++
    const session = accept()
    session.on('close', () => sessions--)
    session.on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec()
      const program = spawn('bash', ['-c', command])
      channel.pipe(program.stdin).on('error', () => {})
      program.stdout.pipe(channel, { end: false })
      program.stderr.pipe(channel.stderr, { end: false })
      channel.on('close', () => program.kill())
      program.on('close', (code, signal) => {
        if (signal) channel.exit(signal.replace('SIG', ''), false, '')
        else channel.exit(code ?? 0)
        channel.end()
      })
    })
  })
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    if (destIP === droppedAddress) return
    const way = connect(destPort, destIP)
    way.on('error', () => reject())
    way.on('connect', () => {
      const channel = accept()
      channel.pipe(way).pipe(channel)
      way.on('error', () => channel.close())
    })
  })
}

export interface KeyFiles {
  /** The private key. */
  readonly file: string
  /** The line of its public key. */
  readonly publicKey: string
}

/** A folder of one test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fmssh-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function keyIn(folder: string, name: string, ...options: readonly string[]): KeyFiles {
  const file = join(folder, name)
  const type = options.includes('-t') ? [] : ['-t', 'ed25519']
  const passphrase = options.includes('-N') ? [] : ['-N', '']
  const made = spawnSync('ssh-keygen', ['-q', '-a', '1', '-C', name, '-f', file, ...type, ...passphrase, ...options], {
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(made.stderr)
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() }
}

/** A target on this machine, its key known; to be changed by the test. */
export function loopbackTarget(
  folder: string,
  port: number,
  hostKey: KeyFiles | null,
  changes: Partial<SshTarget> = {},
): SshTarget {
  const knownHosts = join(folder, `known_hosts_${port}`)
  writeFileSync(knownHosts, hostKey ? `[127.0.0.1]:${port} ${hostKey.publicKey}\n` : '')
  return plainTarget({ hostName: '127.0.0.1', port, knownHosts, ...changes })
}
