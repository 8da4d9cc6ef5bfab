/** Listening sockets with their queues, from `ss -xlnp` and `ss -tlnp`. */
import type { SocketAddress } from '../host/host.ts'

export interface Listener {
  /** `unix:/run/php/php8.2-fpm.sock`, `tcp:0.0.0.0:80`, `tcp:[::]:80`. */
  readonly address: SocketAddress
  /** Connections waiting to be accepted (Recv-Q of a listener). */
  readonly waiting: number
  /** Effective backlog (Send-Q of a listener); null where only `/proc` was there to be read. */
  readonly limit: number | null
  readonly pids: readonly number[]
}

/** Columns: netid state recv-q send-q local-path local-inode peer-path peer-inode process. A path may hold blanks. */
export function readUnixListeners(text: string): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    const match = /^u_str\s+LISTEN\s+(\d+)\s+(\d+)\s+(\/.*?)\s+\d+\s+\*\s+0(?:\s+users:(.*))?$/.exec(line.trimEnd())
    if (!match) return []
    const [, waiting, limit, path, users] = match
    return [{ address: `unix:${path}` as const, waiting: Number(waiting), limit: Number(limit), pids: readPids(users) }]
  })
}

/** Columns: state recv-q send-q local peer process; an interface may follow the address (`127.0.0.53%lo:53`). */
export function readTcpListeners(text: string): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(?:tcp\s+)?LISTEN\s+(\d+)\s+(\d+)\s+(\S+):(\d+)\s+\S+(?:\s+users:(.*))?$/.exec(line.trim())
    if (!match) return []
    const [, waiting, limit, host = '', port, users] = match
    const address = `tcp:${host.replace(/%.*$/, '')}:${port}` as const
    return [{ address, waiting: Number(waiting), limit: Number(limit), pids: readPids(users) }]
  })
}

function readPids(users: string | undefined): readonly number[] {
  return [...(users ?? '').matchAll(/pid=(\d+)/g)].map((match) => Number(match[1]))
}
