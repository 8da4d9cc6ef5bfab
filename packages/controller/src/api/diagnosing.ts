/** Asks many hosts at once what is wrong, a bounded number at a time, and passes each answer on as it arrives. */
import { callFailureOf, problemOf, type HostDiagnosis, type HostId, type Problem } from '@fleetmend/shared'
import { readDiagnosis, wellFormed } from '../runs/answers.ts'
import { notConnected } from '../fleet/not-connected.ts'
import type { Sessions } from '../fleet/sessions.ts'

/** Each is a question to another host; what bounds it is this process. */
const atOnce = 64
const limitMs = 60_000

export interface DiagnosisAsked {
  readonly site: string | undefined
  /** A host lied, or it knows no better; on record before its answer is passed on. */
  readonly notBelieved: (host: HostId, lie: Problem) => Promise<void>
}

export async function* diagnoseHosts(
  sessions: Sessions,
  hosts: readonly HostId[],
  question: DiagnosisAsked,
  signal: AbortSignal,
): AsyncGenerator<HostDiagnosis> {
  const waiting = hosts.values()
  let answered: Answered[] = []
  let told = Promise.withResolvers<void>()
  let isOver = false
  /** One host after the other. The next is asked when the answer of the one before was taken. */
  const ask = async (): Promise<void> => {
    for (const host of waiting) {
      if (isOver) return
      const answer = await diagnoseHost(sessions, host, question, signal)
      if (isOver) return
      await new Promise<void>((taken) => {
        answered.push({ answer, taken })
        told.resolve()
      })
    }
  }
  const asking = Array.from({ length: Math.min(atOnce, hosts.length) }, ask)
  for (const each of asking) each.catch((error: unknown) => told.reject(error))
  try {
    for (let left = hosts.length; left > 0;) {
      await told.promise
      told = Promise.withResolvers()
      const batch = answered
      answered = []
      for (const { taken } of batch) taken()
      for (const { answer } of batch) {
        if (signal.aborted) return
        left--
        yield answer
      }
    }
  } finally {
    isOver = true
    for (const { taken } of answered) taken()
  }
}

interface Answered {
  readonly answer: HostDiagnosis
  readonly taken: () => void
}

async function diagnoseHost(
  sessions: Sessions,
  host: HostId,
  { site, notBelieved }: DiagnosisAsked,
  signal: AbortSignal,
): Promise<HostDiagnosis> {
  const session = await sessions.reach(host, signal)
  if (!session) return without(host, 'unreachable', notConnected(sessions, host, 'It'))
  const startedMs = performance.now()
  let said: unknown
  try {
    const options = { signal, context: { limitMs } }
    said = await session.agent.diagnose.query(site === undefined ? {} : { site }, options)
  } catch (error) {
    const reason = callFailureOf(error)?.reason
    const outcome = reason === undefined ? 'refused' : reason === 'timed-out' ? 'timed-out' : 'unreachable'
    return { ...without(host, outcome, problemOf(error)), tookMs: Math.round(performance.now() - startedMs) }
  }
  const read = readDiagnosis(said, host)
  if (read.ok) return read.value
  await notBelieved(host, read.problem)
  return without(host, 'refused', read.problem)
}

function without(
  host: HostId,
  outcome: Exclude<HostDiagnosis['outcome'], 'diagnosed'>,
  { code, detail }: Problem,
): HostDiagnosis {
  return { host, outcome, probes: [], findings: [], couldNotTell: [], says: wellFormed(detail), code, tookMs: 0 }
}
