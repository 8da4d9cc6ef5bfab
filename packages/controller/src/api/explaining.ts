/** The page of a diagnosis, asked of an agent: what a diagnosis means is known where it is made. */
import { problem } from '@fleetmend/shared'
import type { Session } from '../fleet/session.ts'
import type { Sessions } from '../fleet/sessions.ts'
import type { Answer } from './controller-service.ts'

/** A fleet of mixed versions: the first agent that knows it, by what each has said that it can find. */
export async function explainWith(sessions: Pick<Sessions, 'all'>, diagnosis: string): Promise<Answer<string>> {
  const connected = sessions.all()
  for (const { agent } of connected.filter((session) => knows(session, diagnosis))) {
    const page = await agent.explain.query({ diagnosis }).catch(() => null)
    if (typeof page === 'string') return { ok: true, value: page }
  }
  if (connected.length === 0) {
    const says = 'No host is connected, so nobody can tell what it means. To see the fleet:\n    fleetmend hosts list'
    return { ok: false, problem: problem('unreachable', says) }
  }
  const catalogues = new Set(connected.map(({ hello }) => hello.catalogue))
  const all = new Map([...catalogues].flatMap(({ diagnoses }) => diagnoses.map(({ id, title }) => [id, title])))
  const list = [...all].map(([id, title]) => `    ${id.padEnd(28)} ${title}`).join('\n')
  const says = `No connected host knows a diagnosis ${JSON.stringify(diagnosis)}. There are:\n\n${list}`
  return { ok: false, problem: problem('unknown-diagnosis', says) }
}

function knows({ hello }: Session, diagnosis: string): boolean {
  return hello.catalogue.diagnoses.some(({ id }) => id === diagnosis)
}
