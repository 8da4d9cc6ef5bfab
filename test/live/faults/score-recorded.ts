/** A fault on the record of a host: looked at and judged again by this code, as often as one likes and without a host. */
import type { HostDiagnosis } from '@fleetmend/shared'
import { diagnoseHost } from '../../../packages/agent/src/diagnose-host.ts'
import { recordedHost } from '../../../packages/agent/src/survey/recorded-host.ts'
import { readRecord } from '../../lab/recording/recordings.ts'
import type { Truth } from './fault.ts'
import { judge, type Score } from './score-fault.ts'

export async function scoreRecorded(fault: Truth): Promise<Score> {
  const startedMs = performance.now()
  const diagnosis = await diagnoseRecord(fault.id)
  const tookMs = Math.round(performance.now() - startedMs)
  return { fault, release: 'recorded', tookMs, repair: null, ...judge(fault, diagnosis) }
}

/** Logs have local time, and the hosts that were recorded keep UTC. */
export async function diagnoseRecord(name: string): Promise<HostDiagnosis> {
  process.env['TZ'] = 'UTC'
  return diagnoseHost(recordedHost(readRecord(name).record))
}
