/**
 * Which socket a PHP worker has accepted that waits for the next request of a connection that its client keeps open: it then
 * stands in read(2) on it, which no other kind of waiting does (reference E.8).
 */
import type { SocketAddress } from '../host/host.ts'

/** `socket:[2600861]`, as `/proc/PID/fd/5` shows it. */
export function socketInode(link: string): string | null {
  return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? null
}

/** Connected sockets of `/proc/net/unix` that were accepted at this path: they carry the name of their listener. */
export function acceptedAt(procNetUnix: string, address: SocketAddress): ReadonlySet<string> {
  const path = address.replace(/^unix:/, '')
  return new Set(
    procNetUnix.split('\n').flatMap((line) => {
      // Num RefCount Protocol Flags Type St Inode Path; type 1 is a stream, state 3 connected.
      const [, inode, at] = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ [0-9A-F]+ 0001 03 +(\d+) (\/.*)$/.exec(line) ?? []
      return inode !== undefined && at === path ? [inode] : []
    }),
  )
}

/** Connections of `/proc/net/tcp` or `tcp6` whose own port is that of the listener. */
export function acceptedOnPort(procNetTcp: string, port: number): ReadonlySet<string> {
  return new Set(
    procNetTcp.split('\n').flatMap((line) => {
      const fields = line.trim().split(/\s+/)
      const own = /:([0-9A-F]{4})$/.exec(fields[1] ?? '')?.[1]
      const established = '01'
      return own !== undefined && Number.parseInt(own, 16) === port && fields[3] === established && fields[9]
        ? [fields[9]]
        : []
    }),
  )
}
