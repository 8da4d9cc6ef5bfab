/**
 * The sshd of a host, as far as a controller sees of it: SSH on the loopback interface, an account whose key is bound to a
 * command, and what that command does. Its misbehaviour is a setting, as in authorized_keys.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import ssh2, { type Connection, type Server, type ServerChannel } from 'ssh2'
import { keyFingerprint } from '../src/known-hosts/host-key-problem.ts'

export interface BoundSshd extends AsyncDisposable {
  readonly port: number
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string
  /** What is bound to the key; changed while it serves, it counts for the next session. */
  bound: Bound
  command: SshdOptions['command']
  /** Commands that were asked for, whether they counted or not. */
  readonly asked: readonly string[]
  readonly logins: () => number
  /** Every line is cut, as when the host goes down; nobody gets in until it is `up` again, with another key where that is asked. */
  down(): Promise<void>
  up(changes?: { readonly otherKey?: true }): Promise<void>
}

export interface Bound {
  /** `nothing`: every command is run, whatever shell or wrapper it is that does. */
  readonly to: 'command' | 'nothing'
  /** Whether `restrict` is missing. */
  readonly forwards?: boolean
}

export interface SshdOptions {
  /** What the key is bound to: what it reads and writes, and its exit code. */
  readonly command: (input: Readable, output: Writable, errors: Writable) => Promise<number>
  /** The line of the key that is let in. */
  readonly authorized: () => string
}

export async function boundSshd({ command, authorized }: SshdOptions): Promise<BoundSshd> {
  const sockets = new Set<Socket>()
  const asked: string[] = []
  let logins = 0
  let port = 0
  let hostKey = newHostKey()
  let server: Server | null = null

  const sshd: BoundSshd = {
    get port() {
      return port
    },
    get fingerprint() {
      return hostKey.fingerprint
    },
    bound: { to: 'command' },
    command,
    asked,
    logins: () => logins,
    async down() {
      const closing = server
      server = null
      for (const socket of sockets) socket.resetAndDestroy()
      if (closing) await new Promise<void>((resolve) => closing.close(() => resolve()))
    },
    async up({ otherKey } = {}) {
      if (otherKey) hostKey = newHostKey()
      const serving = new ssh2.Server({ hostKeys: [hostKey.text] }, serve)
      // ssh2 hands out no sockets; without them nothing could be cut.
      const tcp = (serving as unknown as { readonly _srv: { on(event: 'connection', run: (s: Socket) => void): void } })
        ._srv
      tcp.on('connection', (socket) => {
        sockets.add(socket)
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
      })
      serving.listen(port, '127.0.0.1')
      await once(serving, 'listening')
      port = (serving.address() as AddressInfo).port
      server = serving
    },
    [Symbol.asyncDispose]: () => sshd.down(),
  }
  await sshd.up()
  return sshd

  function serve(client: Connection): void {
    client.on('error', () => undefined)
    client.on('authentication', (auth) => {
      if (auth.method !== 'publickey') return auth.reject(['publickey'])
      const allowed = Buffer.from(authorized().split(' ')[1] ?? '', 'base64')
      if (!allowed.equals(auth.key.data)) return auth.reject(['publickey'])
      if (auth.signature === undefined || auth.blob === undefined) return auth.accept()
      const key = ssh2.utils.parseKey(auth.key.data)
      if (key instanceof Error || !key.verify(auth.blob, auth.signature, auth.hashAlgo)) return auth.reject()
      logins++
      auth.accept()
    })
    client.on('session', (accept) => {
      const session = accept()
      session.on('exec', (acceptExec, _reject, { command }) => {
        asked.push(command)
        const channel = acceptExec()
        if (sshd.bound.to === 'command') void runBound(channel)
        else runAsked(channel, command)
      })
    })
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      if (sshd.bound.forwards !== true) return reject()
      const way = connect(destPort, destIP)
      way.on('error', () => reject())
      way.on('connect', () => {
        const channel = accept()
        channel.on('error', () => undefined)
        channel.pipe(way).pipe(channel)
      })
    })
  }

  async function runBound(channel: ServerChannel): Promise<void> {
    channel.on('error', () => undefined)
    channel.exit(await sshd.command(channel.stdin, channel.stdout, channel.stderr))
    channel.end()
  }

  function runAsked(channel: ServerChannel, command: string): void {
    channel.on('error', () => undefined)
    const program = spawn('sh', ['-c', command])
    program.stdin.on('error', () => undefined)
    channel.pipe(program.stdin)
    program.stdout.pipe(channel, { end: false })
    program.on('close', (code) => {
      channel.exit(code ?? 1)
      channel.end()
    })
  }
}

function newHostKey(): { readonly text: string; readonly fingerprint: string } {
  const made = ssh2.utils.generateKeyPairSync('ed25519')
  const blob = Buffer.from(made.public.split(' ')[1] ?? '', 'base64')
  return { text: made.private, fingerprint: keyFingerprint(blob) }
}
