/** Listening sockets from `/proc/net/unix` and `/proc/net/tcp{,6}`: what `ss` reads, for images that do not have it. */
import type { SocketAddress } from '../host/host.ts'
import { readUnixUse } from './socket-use.ts'

export interface ProcListener {
  readonly address: SocketAddress
  readonly inode: string
  readonly waiting: number
}

export function readProcUnixListeners(text: string): readonly ProcListener[] {
  const use = readUnixUse(text)
  return text.split('\n').flatMap((line) => {
    const match = /^[0-9a-f]+: \S+ \S+ 00010000 0001 \d\d +(\d+) (\/.*)$/.exec(line)
    if (!match) return []
    const [, inode = '', path = ''] = match
    return [{ address: `unix:${path}` as const, inode, waiting: use.get(`unix:${path}`)?.waiting ?? 0 }]
  })
}

/** In the row of a listener (`0A`) `rx_queue` is what waits to be accepted. */
export function readProcTcpListeners(text: string): readonly ProcListener[] {
  return text.split('\n').flatMap((line) => {
    const match =
      /^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ 0A [0-9A-F]{8}:([0-9A-F]{8}) \S+ \S+ +\d+ +\d+ (\d+) /.exec(
        line,
      )
    if (!match) return []
    const [, host = '', port = '', queue = '', inode = ''] = match
    const address = `tcp:${hostOf(host)}:${Number.parseInt(port, 16)}` as const
    return [{ address, inode, waiting: Number.parseInt(queue, 16) }]
  })
}

/** The kernel prints words of 32 bits as this machine holds them, the lowest byte first (x86, ARM). */
function hostOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed())
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => `${bytes[2 * i]}${bytes[2 * i + 1]}`)
  return new URL(`http://[${groups.join(':')}]`).hostname
}
