/** One fault on one freshly booted host: injected, waited for, diagnosed by the installed agent, and judged. */
import type { DiagnosisDocument, Finding, HostDiagnosis } from '@fleetmend/shared'
import type { Lab } from '../../lab/lab.ts'
import type { Release } from '../../lab/tree-recipes.ts'
import { until } from '../../lab/until.ts'
import { comparedReadings, installComparison } from '../parsers/readings-agree.ts'
import type { Fault, Truth } from './fault.ts'
import { hostOf, untilServing, type Host } from './host-kit.ts'
import { scoreRepair, type Repair } from './score-repair.ts'
import { preparePages } from './visitors.ts'

export interface Score {
  readonly fault: Truth
  /** Where it was injected now, or that it was recorded where it could be. */
  readonly release: Release | 'recorded'
  /** Exactly the causes of the ground truth, and what must be found besides. */
  readonly causeFound: boolean
  /** No finding that does not belong there, no suggestion that would not help, and no file that is read otherwise. */
  readonly nothingWrong: boolean
  /** Every cause with evidence, from two places where its diagnosis has two, and with what its sentence must tell. */
  readonly evidenced: boolean
  readonly tookMs: number
  /** Null where it was not asked for, and on records. */
  readonly repair: Repair | null
  /** What is not as it should be, for the person who has to mend it. */
  readonly complaints: readonly string[]
}

/** Every PHP-FPM as it is shipped has these. */
const withoutUnits = ['reload-drops-requests', 'status-page-off', 'slowlog-off']
/** And these Debian's unit, where one runs it. */
const asShipped = ['no-auto-restart', 'oom-policy-stop', 'reload-unguarded']

let booted = 0

export async function scoreFault(
  lab: Lab,
  fault: Fault,
  release: Release,
  { repairs }: { readonly repairs: boolean },
): Promise<Score> {
  booted++
  await using live = await lab.boot({ name: `f${booted}`, release })
  const host = hostOf(live, release)
  await host.installAgent()
  await installComparison(host)
  await untilServing(host)
  if (repairs) await preparePages(host)
  if (fault.remediations.includes('restore-config')) await keepWhatIsGood(host)
  const going = await fault.inject(host)
  try {
    const { shows } = fault
    if (shows) await until(() => shows(host), `${fault.id} to show`)
    const startedMs = performance.now()
    const within = fault.within?.(host) ?? []
    const ran = await host.run([...within, '/usr/bin/fleetmend-agent', 'diagnose', '--json'], { limitMs: 180_000 })
    const tookMs = Math.round(performance.now() - startedMs)
    const [diagnosis] = (JSON.parse(ran.stdout) as DiagnosisDocument).hosts
    if (!diagnosis) throw new Error(`${fault.id}: ${ran.stderr}`)
    const judged = judge(fault, diagnosis)
    const misread = (await comparedReadings(host, within)).map((each) => `misread: ${each}`)
    const repair = repairs ? await scoreRepair(host, fault, diagnosis) : null
    return {
      ...{ fault, release, tookMs, repair, ...judged },
      nothingWrong: judged.nothingWrong && misread.length === 0,
      complaints: [...judged.complaints, ...misread, ...(repair?.complaints ?? [])],
    }
  } finally {
    await going?.[Symbol.asyncDispose]()
  }
}

export function judge(
  fault: Truth & { readonly within?: unknown },
  { findings, couldNotTell }: HostDiagnosis,
): Pick<Score, 'causeFound' | 'nothingWrong' | 'evidenced' | 'complaints'> {
  const causes = findings.filter(({ role }) => role === 'cause')
  const found = new Set(causes.map(({ diagnosis }) => diagnosis))
  const missing = fault.causes.filter((id) => !found.has(id))
  const wrong = [...found].filter((id) => !fault.causes.includes(id))
  const alsoFound = fault.alsoFound ?? []
  const overlooked = alsoFound.filter((id) => !findings.some(({ diagnosis }) => diagnosis === id))
  const shipped = fault.within ? withoutUnits : [...withoutUnits, ...asShipped]
  const allowed = new Set([...shipped, ...alsoFound, ...(fault.besides ?? [])])
  const beside = findings.filter(({ role, diagnosis }) => role !== 'cause' && !allowed.has(diagnosis))
  const suggested = causes.flatMap(({ remediations }) => remediations.map(({ id }) => id))
  const useless = suggested.filter((id) => !fault.remediations.includes(id))
  const bare = causes.filter((cause) => !isEvidenced(cause))
  const unknown = fault.couldNotTell ?? []
  const unexpected = couldNotTell.filter(({ what, why }) => !unknown.some((each) => each.test(`${what}: ${why}`)))
  const unsaid = unknown.filter((each) => !couldNotTell.some(({ what, why }) => each.test(`${what}: ${why}`)))
  const silent = findings.filter(({ diagnosis, says }) => fault.tells?.[diagnosis]?.test(says) === false)
  return {
    causeFound: missing.length === 0 && wrong.length === 0 && overlooked.length === 0,
    nothingWrong:
      wrong.length === 0 &&
      beside.length === 0 &&
      useless.length === 0 &&
      unexpected.length === 0 &&
      unsaid.length === 0,
    evidenced: bare.length === 0 && silent.length === 0,
    complaints: [
      ...[...missing, ...overlooked].map((id) => `${id} was not found`),
      ...wrong.map((id) => `${id} is no cause here: ${said(causes, id)}`),
      ...beside.map(({ diagnosis, role, says }) => `${diagnosis} (${role}) does not belong here: ${says}`),
      ...useless.map((id) => `${id} would not help`),
      ...bare.map(({ diagnosis }) => `${diagnosis} does not show how it knows, or has nothing to do`),
      ...silent.map(({ diagnosis, says }) => `${diagnosis} does not tell ${fault.tells?.[diagnosis]}: ${says}`),
      ...unsaid.map((expected) => `does not say that it could not tell ${String(expected)}`),
      ...unexpected.map(({ what, why }) => `could not tell ${what}: ${why}`),
    ],
  }
}

/** What the agent that serves does when it has come up, and four times an hour. */
async function keepWhatIsGood(host: Host): Promise<void> {
  await host.must(['/usr/bin/fleetmend-agent', 'internal-sample-targets'])
}

function isEvidenced({ evidence, remediations, withoutRemediation }: Finding): boolean {
  return evidence.length > 0 && (remediations.length > 0 || withoutRemediation !== undefined)
}

function said(causes: readonly Finding[], id: string): string {
  return causes.find(({ diagnosis }) => diagnosis === id)?.says ?? ''
}

export function isRight({ causeFound, nothingWrong, evidenced, repair }: Score): boolean {
  return causeFound && nothingWrong && evidenced && (repair === null || isMended(repair))
}

export function isMended({ isFixed, isPutBack }: Repair): boolean {
  return isFixed && isPutBack !== false
}
