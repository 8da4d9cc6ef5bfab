/** What visitors got in the last minutes, from the end of the access logs of a site. */
import type { Read, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { readAccessLog } from '../readings/nginx-access-log.ts'
import type { RecentRequests } from './host-facts.ts'

/** About a thousand requests; of a busier site, its last seconds. */
const tailBytes = 128 * 1024
const recentMs = 5 * 60_000

export async function recentRequests(host: ReadHost, paths: readonly string[]): Promise<Read<RecentRequests>> {
  const since = host.nowMs() - recentMs
  const byStatus = new Map<number, number>()
  for (const path of paths) {
    const tail = await host.readTail(path, tailBytes)
    if (!tail.ok && tail.why === 'missing') continue
    if (!tail.ok) return tail
    const { entries, notUnderstood } = readAccessLog(textOf(tail.value.bytes))
    if (entries.length < notUnderstood) return { ok: false, why: 'failed', says: `${path} is in a format of its own` }
    for (const { atMs, status } of entries) if (atMs >= since) byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
  }
  return { ok: true, value: { total: [...byStatus.values()].reduce((sum, count) => sum + count, 0), byStatus } }
}
