/** A unix socket of our own: never wider open than it should be, not even for a moment, never taken from a live one, never full for ever. */
import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { problem } from '../problems.ts'
import { errorShape } from '../wire/error-shape.ts'
import { errorFrame } from '../wire/frames.ts'
import { streamChannel } from '../wire/stream-channel.ts'

export interface OwnSocket {
  readonly path: string
  readonly mode: number
  /** Of the group that may use it; undefined leaves it as it is. */
  readonly gid?: number
  /** At once: each is an open file here, and work for as long as it lasts. Who comes after them is told to come again. */
  readonly mostCallers: number
  readonly connected: (socket: Socket) => void
}

export type Listening = { readonly ok: true; close(): Promise<void> } | { readonly ok: false; readonly says: string }

/** Who is turned away has a moment to read why; of so many at once. The others only see that it is closed. */
const mostLeaving = 64

export async function listenOnSocket({ path, mode, gid, mostCallers, connected }: OwnSocket): Promise<Listening> {
  const callers = new Set<Socket>()
  const leaving = new Set<Socket>()
  const server = createServer((socket) => {
    // A caller that is gone before it was answered is no reason to end; 'close' follows.
    socket.on('error', () => {})
    const isFull = callers.size >= mostCallers
    if (isFull && leaving.size >= mostLeaving) return void socket.destroy()
    const those = isFull ? leaving : callers
    those.add(socket)
    socket.on('close', () => those.delete(socket))
    if (isFull) turnAway(socket, mostCallers)
    else connected(socket)
  })
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    const taken = await whyTaken(path)
    if (taken !== null) return { ok: false, says: taken }
    await rm(path, { force: true })
    await listen(server, path)
    if (gid !== undefined) await chown(path, process.getuid?.() ?? 0, gid)
    await chmod(path, mode)
  } catch (error) {
    server.close()
    return { ok: false, says: error instanceof Error ? error.message : String(error) }
  }
  return {
    ok: true,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of [...callers, ...leaving]) socket.destroy()
      }),
  }
}

/** In the words of every line of ours, whatever the caller was about to say. */
function turnAway(socket: Socket, mostCallers: number): void {
  const says = `There are ${mostCallers} connections on this socket already. Try again when one of them has ended.`
  const channel = streamChannel(socket.resume())
  channel.send(errorFrame(null, errorShape('TOO_MANY_REQUESTS', 429, problem('busy', says))))
  channel.close()
}

function listen(server: Server, path: string): Promise<void> {
  // bind(2) makes the file: with a mode that only the umask decides.
  const before = process.umask(0o177)
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  process.umask(before)
  return listening
}

/** Null: nothing is there, or only what a process that is gone has left. */
async function whyTaken(path: string): Promise<string | null> {
  const found = await lstat(path).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (found === null) return null
  // Never removed: the path may have been mistyped.
  if (!found.isSocket()) return `${path} is there already, and it is not a socket`
  return (await somebodyListens(path)) ? `another process listens on ${path}` : null
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Only a refused connection means that nobody is there. */
function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
