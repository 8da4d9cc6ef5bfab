/** One fault on one freshly booted host: injected, waited for, diagnosed by the installed agent, and judged. */
import type { DiagnosisDocument, Finding, HostDiagnosis } from '@fleetmend/shared'
import type { Lab } from '../../lab/lab.ts'
import type { Release } from '../../lab/tree-recipes.ts'
import { until } from '../../lab/until.ts'
import type { Fault } from './fault.ts'
import { hostOf, untilServing } from './host-kit.ts'

export interface Score {
  readonly fault: Fault
  readonly release: Release
  /** Exactly the causes of the ground truth, and what must be found besides. */
  readonly causeFound: boolean
  /** No finding that does not belong there, and no suggestion that would not help. */
  readonly nothingWrong: boolean
  /** Every cause with evidence, from two places where its diagnosis has two. */
  readonly evidenced: boolean
  readonly tookMs: number
  /** What is not as it should be, for the person who has to mend it. */
  readonly complaints: readonly string[]
}

/** Every host as Debian ships it has these. */
const asShipped = new Set([
  ...['reload-drops-requests', 'no-auto-restart', 'oom-policy-stop', 'reload-unguarded'],
  ...['status-page-off', 'slowlog-off'],
])

let booted = 0

export async function scoreFault(lab: Lab, fault: Fault, release: Release = 'debian12'): Promise<Score> {
  booted++
  await using live = await lab.boot({ name: `f${booted}`, release })
  const host = hostOf(live, release)
  await host.installAgent()
  await untilServing(host)
  const going = await fault.inject(host)
  try {
    const { shows } = fault
    if (shows) await until(() => shows(host), `${fault.id} to show`)
    const startedMs = performance.now()
    const ran = await host.agent('diagnose', '--json')
    const tookMs = Math.round(performance.now() - startedMs)
    const [diagnosis] = (JSON.parse(ran.stdout) as DiagnosisDocument).hosts
    if (!diagnosis) throw new Error(`${fault.id}: ${ran.stderr}`)
    return { fault, release, tookMs, ...judge(fault, diagnosis) }
  } finally {
    await going?.[Symbol.asyncDispose]()
  }
}

function judge(
  fault: Fault,
  { findings, couldNotTell }: HostDiagnosis,
): Pick<Score, 'causeFound' | 'nothingWrong' | 'evidenced' | 'complaints'> {
  const causes = findings.filter(({ role }) => role === 'cause')
  const found = new Set(causes.map(({ diagnosis }) => diagnosis))
  const missing = fault.causes.filter((id) => !found.has(id))
  const wrong = [...found].filter((id) => !fault.causes.includes(id))
  const alsoFound = fault.alsoFound ?? []
  const overlooked = alsoFound.filter((id) => !findings.some(({ diagnosis }) => diagnosis === id))
  const allowed = new Set([...asShipped, ...alsoFound, ...(fault.besides ?? [])])
  const beside = findings.filter(({ role, diagnosis }) => role !== 'cause' && !allowed.has(diagnosis))
  const suggested = causes.flatMap(({ remediations }) => remediations.map(({ id }) => id))
  const useless = suggested.filter((id) => !fault.remediations.includes(id))
  const bare = causes.filter((cause) => !isEvidenced(cause))
  return {
    causeFound: missing.length === 0 && wrong.length === 0 && overlooked.length === 0,
    nothingWrong: wrong.length === 0 && beside.length === 0 && useless.length === 0 && couldNotTell.length === 0,
    evidenced: bare.length === 0,
    complaints: [
      ...[...missing, ...overlooked].map((id) => `${id} was not found`),
      ...wrong.map((id) => `${id} is no cause here: ${said(causes, id)}`),
      ...beside.map(({ diagnosis, role, says }) => `${diagnosis} (${role}) does not belong here: ${says}`),
      ...useless.map((id) => `${id} would not help`),
      ...bare.map(({ diagnosis }) => `${diagnosis} does not show how it knows, or has nothing to do`),
      ...couldNotTell.map(({ what, why }) => `could not tell ${what}: ${why}`),
    ],
  }
}

function isEvidenced({ evidence, remediations, withoutRemediation }: Finding): boolean {
  return evidence.length > 0 && (remediations.length > 0 || withoutRemediation !== undefined)
}

function said(causes: readonly Finding[], id: string): string {
  return causes.find(({ diagnosis }) => diagnosis === id)?.says ?? ''
}

export function isRight({ causeFound, nothingWrong, evidenced }: Score): boolean {
  return causeFound && nothingWrong && evidenced
}
