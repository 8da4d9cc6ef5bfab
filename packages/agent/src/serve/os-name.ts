/** What this host calls its operating system. */
import type { Host } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'

/** os-release(5) */
export async function osName(host: Pick<Host, 'readFile'>): Promise<string | null> {
  const read = await host.readFile('/etc/os-release', 64 * 1024)
  return read.ok ? (/^PRETTY_NAME="?([^"\n]{1,200})"?$/m.exec(textOf(read.value))?.[1] ?? null) : null
}
