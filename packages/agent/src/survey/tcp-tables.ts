/** The TCP connections and listeners of this host, as the kernel tells them. */
import type { ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'

/** `/proc/net/tcp` and `/proc/net/tcp6`, those that can be read: without IPv6 there is no second one. */
export async function tcpTables(host: Pick<ReadHost, 'readFile'>): Promise<readonly string[]> {
  const files = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => host.readFile(path)))
  return files.flatMap((file) => (file.ok ? [textOf(file.value)] : []))
}
