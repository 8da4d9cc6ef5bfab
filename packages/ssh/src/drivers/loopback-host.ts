/** For tests of drivers: an sshd on this machine that lets one key in, what is said over a connection to it, and what is no sshd. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { assert, onTestFinished } from 'vitest'
import { runCommand } from '../run-command.ts'
import type { SshConnection, SshOutcome, SshProcess } from '../ssh-connection.ts'
import { keyIn, loopbackSshd, loopbackTarget, testFolder, type LoopbackOptions } from './loopback-sshd.ts'

export const never = new AbortController().signal
export const limits = { limitMs: 15_000, limitBytes: 64 * 1024 * 1024 }

export interface HostOptions extends Partial<Omit<LoopbackOptions, 'hostKeyFile' | 'authorized'>> {
  /** For ssh-keygen. */
  readonly keyOptions?: readonly string[]
}

export async function hostWithKey({ keyOptions = [], ...options }: HostOptions = {}) {
  const folder = testFolder()
  const [hostKey, key] = [keyIn(folder, 'host'), keyIn(folder, 'key', ...keyOptions)]
  const sshd = await loopbackSshd({ hostKeyFile: hostKey.file, authorized: [key.publicKey], ...options })
  const target = loopbackTarget(folder, sshd.port, hostKey, { identityFiles: [key.file], identitiesOnly: true })
  return { folder, hostKey, key, sshd, target }
}

export function valueOf<T>(outcome: SshOutcome<T>): T {
  assert(outcome.ok, outcome.ok ? '' : outcome.problem.detail)
  return outcome.value
}

export function problemOf(outcome: SshOutcome<unknown>) {
  assert(!outcome.ok, 'it connected')
  return outcome.problem
}

export async function started(connection: SshConnection, command: string, signal?: AbortSignal): Promise<SshProcess> {
  return valueOf(await connection.start(command, signal))
}

export async function said(connection: SshConnection, command: string): Promise<string> {
  return valueOf(await runCommand(connection, command, limits)).stdout.toString()
}

/** Something that is not sshd. */
export async function peer(speak: (socket: Socket) => void): Promise<{ readonly port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).resume()
    speak(socket)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port }
}
