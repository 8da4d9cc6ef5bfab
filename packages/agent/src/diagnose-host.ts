/** What is wrong on a host: one look at it, judged. */
import type { HostDiagnosis } from '@fleetmend/shared'
import { diagnose } from './diagnoses/diagnose.ts'
import type { ReadHost } from './host/host.ts'
import { look, type LookOptions } from './survey/look.ts'

export async function diagnoseHost(host: ReadHost, options: LookOptions = {}): Promise<HostDiagnosis> {
  const facts = await look(host, options)
  return { ...diagnose(facts, options), tookMs: Math.round(host.nowMs() - facts.takenAtMs) }
}
