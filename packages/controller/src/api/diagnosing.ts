/** Asks many hosts at once what is wrong, a bounded number at a time, and passes each answer on as it arrives. */
import { callFailureOf, HostDiagnosis, problemOf, type HostId } from '@fleetmend/shared'
import { wellFormed } from '../runs/answers.ts'
import type { Sessions } from '../fleet/sessions.ts'

/** Each is a question to another host; what bounds it is this process. */
const atOnce = 64
const limitMs = 60_000

export async function* diagnoseHosts(
  sessions: Sessions,
  hosts: readonly HostId[],
  site: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<HostDiagnosis> {
  const waiting = [...hosts]
  const asked = new Map<HostId, Promise<HostDiagnosis>>()
  while (waiting.length > 0 || asked.size > 0) {
    for (const host of waiting.splice(0, atOnce - asked.size))
      asked.set(host, diagnoseHost(sessions, host, site, signal))
    const answer = await Promise.race(asked.values())
    asked.delete(answer.host)
    if (signal.aborted) return
    yield answer
  }
}

async function diagnoseHost(
  sessions: Sessions,
  host: HostId,
  site: string | undefined,
  signal: AbortSignal,
): Promise<HostDiagnosis> {
  const session = await sessions.reach(host, signal)
  if (!session)
    return without(host, 'unreachable', 'It is not connected. On the host: systemctl status fleetmend-agent')
  const startedMs = performance.now()
  try {
    const options = { signal, context: { limitMs } }
    const parsed = HostDiagnosis.safeParse(
      await session.agent.diagnose.query(site === undefined ? {} : { site }, options),
    )
    if (parsed.success && parsed.data.host === host) return wellFormed(parsed.data)
    return without(
      host,
      'refused',
      'Its answer makes no sense here. Compare the version of its agent with that of the controller.',
    )
  } catch (error) {
    const reason = callFailureOf(error)?.reason
    const outcome = reason === undefined ? 'refused' : reason === 'timed-out' ? 'timed-out' : 'unreachable'
    return { ...without(host, outcome, problemOf(error).detail), tookMs: Math.round(performance.now() - startedMs) }
  }
}

function without(host: HostId, outcome: Exclude<HostDiagnosis['outcome'], 'diagnosed'>, says: string): HostDiagnosis {
  return { host, outcome, probes: [], findings: [], couldNotTell: [], says: wellFormed(says), tookMs: 0 }
}
