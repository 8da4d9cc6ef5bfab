/** What sites are asked for, as root on this host says; a policy that cannot be used says nothing. */
import type { Policy } from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import { readHostLimits } from './host-limits.ts'

export async function canaryPaths(host: Pick<ReadHost, 'stat' | 'readFile'>): Promise<Policy['canaryPaths']> {
  const limits = await readHostLimits(host)
  return limits.ok ? limits.value.policy.canaryPaths : {}
}
