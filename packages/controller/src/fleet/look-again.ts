/** Whether a host is well some time after its change: asked as anybody would ask it, and judged by its own diagnosis. */
import { callFailureOf, problemOf, type HostId } from '@fleetmend/shared'
import { readDiagnosis } from '../runs/answers.ts'
import type { LookAnswer } from '../runs/fleet-port.ts'
import type { Sessions } from './sessions.ts'

const limitMs = 90_000

/** What could not be told is not well: a wave that nobody could look at lets no other one follow. */
export async function lookAgain(sessions: Sessions, host: HostId, signal: AbortSignal): Promise<LookAnswer> {
  const session = await sessions.reach(host, signal)
  if (!session)
    return { kind: 'not-reached', how: 'unreachable', says: 'It could not be looked at: it is not connected.' }
  try {
    const read = readDiagnosis(await session.agent.diagnose.query({}, { signal, context: { limitMs } }), host)
    if (!read.ok) {
      const { title, code, detail } = read.problem
      return { kind: 'unwell', says: `${title} (${code}): ${detail}` }
    }
    const { status, findings } = read.value
    if (status !== 'failing') return { kind: 'well' }
    const cause = findings.find(({ role }) => role === 'cause')
    return { kind: 'unwell', says: cause ? `It fails again: ${cause.says}` : 'It fails again, and no cause was found.' }
  } catch (error) {
    const how = callFailureOf(error)?.reason === 'timed-out' ? 'timed-out' : 'unreachable'
    return { kind: 'not-reached', how, says: `It could not be looked at: ${problemOf(error).detail}` }
  }
}
