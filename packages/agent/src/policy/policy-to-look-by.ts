/** What root on this host says about looking and planning; a policy that cannot be used says nothing, and lets nothing be applied. */
import { Policy } from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import { readHostLimits } from './host-limits.ts'

export async function policyToLookBy(
  host: Pick<ReadHost, 'stat' | 'readFile'>,
): Promise<Pick<Policy, 'canaryPaths' | 'plansLastMinutes'>> {
  const limits = await readHostLimits(host)
  return limits.ok ? limits.value.policy : Policy.parse({})
}
