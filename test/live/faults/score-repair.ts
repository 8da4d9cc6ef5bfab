/**
 * What comes after the diagnosis: the person on call plans for the findings, applies, and looks again; what was changed is
 * put back at last, for which everything has to be as it was. Where the ground truth has no remediation, no plan may come.
 */
import type {
  ApplyDocument,
  ApplyReport,
  DiagnosisDocument,
  Finding,
  HostDiagnosis,
  PlanDocument,
  PlanRecord,
  SuggestedRemediation,
} from '@fleetmend/shared'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ran } from '../../lab/tool.ts'
import type { Fault } from './fault.ts'
import type { Host } from './host-kit.ts'
import { differences, takeHostState, type HostState } from './host-state.ts'
import { isOver, pageOfPhp, sendVisitors, type Visits } from './visitors.ts'

export interface Repair {
  /** Ids of what was applied, `no plan`, `steps`, `nothing`, or `by itself` where systemd was faster. */
  readonly how: string
  /** Planned with what the ground truth accepts and nothing else, applied, and what did not work works. */
  readonly isFixed: boolean
  /** Null where nothing was applied. */
  readonly visits: Visits | null
  /** Null where there was nothing to put back. */
  readonly isPutBack: boolean | null
  /** What is not as it should be, for the person who has to mend it. */
  readonly complaints: readonly string[]
}

type Planned =
  | { readonly kind: 'planned'; readonly record: PlanRecord }
  | { readonly kind: 'none'; readonly exitCode: number; readonly says: string }

/** A second cause may show only when the first is mended (DESIGN D8). */
const rounds = 2
/** After what was done did not help, or not enough. */
const looksAgain = 4
const betweenLooksMs = 1500
/** Of visitors, before anybody types. */
const settleMs = 400
/** Afterwards: enough to see that it stays good. */
const stayMs = 800

export async function scoreRepair(host: Host, fault: Fault, diagnosis: HostDiagnosis): Promise<Repair> {
  const causes = diagnosis.findings.filter(({ role }) => role === 'cause')
  if (fault.remediations.length === 0) return scoreWithout(host, fault, causes)
  const unsaid = stepsUnsaid(fault, causes)
  const started = await startedWithoutConsent(host, fault)
  const mended = await mend(host, fault, diagnosis)
  const complaints = [...unsaid, ...started, ...mended.complaints]
  return { ...mended, isFixed: mended.isFixed && complaints.length === 0, complaints }
}

/** Nothing is broken, or there are exact steps and no plan. */
async function scoreWithout(host: Host, fault: Fault, causes: readonly Finding[]): Promise<Repair> {
  const planned = await plan(host, fault, ['--for-findings'])
  const complaints = [
    ...stepsUnsaid(fault, causes),
    ...(planned.kind === 'planned'
      ? [`a plan was made: ${planned.record.plan.remediations.map(({ id }) => id).join()}`]
      : []),
    ...(planned.kind === 'none' && planned.exitCode !== 0
      ? [`plan ended with ${planned.exitCode}: ${planned.says}`]
      : []),
  ]
  const how = fault.steps ? 'steps' : 'nothing'
  return { how, isFixed: complaints.length === 0, visits: null, isPutBack: null, complaints }
}

function stepsUnsaid({ steps }: Fault, causes: readonly Finding[]): readonly string[] {
  const said = causes
    .filter(({ remediations }) => remediations.length === 0)
    .map((each) => each.withoutRemediation ?? '')
  return steps && !said.some((each) => steps.test(each))
    ? [`the steps do not tell ${String(steps)}: ${said.join(' ')}`]
    : []
}

/** What a person stopped stays down until a person says so (DESIGN D11). */
async function startedWithoutConsent(host: Host, fault: Fault): Promise<readonly string[]> {
  if (!fault.onPurpose) return []
  const planned = await plan(host, fault, ['--for-findings'])
  if (planned.kind === 'planned') {
    const starts = planned.record.plan.acts.some(({ act }) => act === 'start' || act === 'restart')
    const said = planned.record.plan.warnings.some((each) => fault.onPurpose?.test(each))
    if (starts) return ['without --start-stopped it would be started']
    return said ? [] : [`the plan does not tell ${String(fault.onPurpose)}`]
  }
  return fault.onPurpose.test(planned.says)
    ? []
    : [`the refusal does not tell ${String(fault.onPurpose)}: ${planned.says}`]
}

async function mend(host: Host, fault: Fault, diagnosis: HostDiagnosis): Promise<Repair> {
  const units = unitsOf(host, diagnosis)
  const before = await takeHostState(host, units)
  const complaint = fault.complaint ?? { path: pageOfPhp }
  await using visitors = sendVisitors(host, complaint)
  await sleep(settleMs)
  visitors.beginPlanning()
  const applied: Applied[] = []
  const complaints: string[] = []
  for (const words of asked(fault, diagnosis)) {
    const planned = applied.length === 0 ? await plan(host, fault, words) : await planAgain(host, fault, words)
    if (planned.kind === 'none') {
      if (applied.length > 0) break
      if (fault.shows && !(await fault.shows(host))) return byItself
      complaints.push(`no plan was made: ${planned.says}`)
      break
    }
    complaints.push(...notAccepted(fault, planned.record))
    if (!fault.hitsEveryPage) visitors.beginApplying()
    const next = await apply(host, planned.record)
    visitors.beginApplying()
    if (typeof next === 'string') {
      complaints.push(`it was not applied: ${next}`)
      break
    }
    applied.push(next)
    const { report } = next
    if (report.outcome !== 'fixed' && report.outcome !== 'inconclusive' && report.outcome !== 'cleared-still-failing') {
      complaints.push(`${report.outcome}: ${report.problem?.detail ?? report.verdict?.says ?? ''}`)
      break
    }
    if (fault.causes.length > 0 && (await isOver(host, complaint))) break
  }
  await sleep(stayMs)
  const visits = await visitors.end()
  if (visits.healedMs === null) complaints.push(`${complaint.path} is not answered well`)
  if (applied.length === 0) complaints.push('nothing was applied')
  if (fault.causes.length === 0) complaints.push(...(await riskLeft(host, fault)))
  const lossesTold = applied.some(({ record }) => isRestarted(record) && record.plan.disturbs.length > 0)
  if (visits.lost > 0 && !lossesTold) complaints.push(`${visits.lost} requests were lost: ${visits.firstLost}`)
  const putBack = await putBackAll(host, applied, before, units)
  const how = [...new Set(applied.flatMap(({ record }) => record.plan.remediations.map(({ id }) => id)))].join(', ')
  return {
    how: how || 'no plan',
    isFixed: complaints.length === 0,
    visits,
    isPutBack: putBack === null ? null : putBack.length === 0,
    complaints: [...complaints, ...(putBack ?? [])],
  }
}

const byItself: Repair = { how: 'by itself', isFixed: true, visits: null, isPutBack: null, complaints: [] }

interface Applied {
  readonly record: PlanRecord
  readonly report: ApplyReport
}

/** What a person types, in turn: for all that is broken, or what stands below a finding where nothing is broken yet. */
function asked(
  { causes, alsoFound = [], onPurpose }: Fault,
  { findings }: HostDiagnosis,
): readonly (readonly string[])[] {
  const consent = onPurpose ? ['--start-stopped'] : []
  if (causes.length > 0) return Array.from({ length: rounds }, () => ['--for-findings', ...consent])
  const suggested = findings
    .filter(({ diagnosis }) => alsoFound.includes(diagnosis))
    .flatMap(({ remediations }) => remediations.map(wordsOf))
  return [...new Map(suggested.map((words) => [words.join(' '), words])).values()]
}

function wordsOf({ id, input }: SuggestedRemediation): readonly string[] {
  return [id, ...Object.entries(input).flatMap(([name, value]) => ['--input', `${name}=${value}`])]
}

function notAccepted({ remediations }: Fault, { plan: { remediations: planned } }: PlanRecord): readonly string[] {
  return planned
    .filter(({ id }) => !remediations.includes(id))
    .map(({ id }) => `${id} was planned and does not mend it`)
}

function isRestarted({ plan: { acts } }: PlanRecord): boolean {
  return acts.some(({ act }) => act === 'restart')
}

/** Nothing was broken, so that no request tells whether it was mended; the same look does that found it. */
async function riskLeft(host: Host, fault: Fault): Promise<readonly string[]> {
  const { hosts = [] } = documentOf(await host.agent('diagnose', '--json'))
  const left = hosts.flatMap(({ findings }) => findings.map(({ diagnosis }) => diagnosis))
  return (fault.alsoFound ?? []).filter((id) => left.includes(id)).map((id) => `${id} is still there`)
}

/** The newest first. What differs afterwards; null where no plan had changed anything that can be put back. */
async function putBackAll(
  host: Host,
  applied: readonly Applied[],
  before: HostState,
  units: readonly string[],
): Promise<readonly string[] | null> {
  const changing = applied.filter(
    ({ record, report }) => record.plan.changes.length > 0 && report.outcome !== 'refused',
  )
  const undoable = changing.filter(({ report }) => report.outcome !== 'rolled-back')
  for (const { report } of undoable.toReversed()) {
    const ran = await host.agent('rollback', report.apply, '--json')
    if (ran.exitCode !== 6)
      return [`the rollback ended with ${ran.exitCode}: ${ran.stderr}${ran.stdout.slice(0, 2000)}`]
  }
  if (changing.length === 0) return null
  return differences(before, await takeHostState(host, units)).map((each) => `after rollback ${each}`)
}

async function plan(host: Host, fault: Fault, words: readonly string[]): Promise<Planned> {
  const within = fault.within?.(host) ?? []
  const ran = await host.run([...within, '/usr/bin/fleetmend-agent', 'plan', ...words, '--watch', '1', '--json'])
  const { plans, without = [] } = documentOf(ran)
  const [record] = plans ?? []
  if (record) return { kind: 'planned', record }
  const said = without.map(({ because, toDo }) => `${because} ${toDo ?? ''}`).join()
  return { kind: 'none', exitCode: ran.exitCode, says: said || ran.stderr }
}

/** A queue that was just made longer takes a while to fill: whoever still waits for a page looks again. */
async function planAgain(host: Host, fault: Fault, words: readonly string[]): Promise<Planned> {
  for (let looks = 0; ; looks++) {
    const planned = await plan(host, fault, words)
    if (planned.kind === 'planned' || looks === looksAgain) return planned
    await sleep(betweenLooksMs)
    if (await isOver(host, fault.complaint ?? { path: pageOfPhp })) return planned
  }
}

/** As a string: why the host refused. */
async function apply(host: Host, record: PlanRecord): Promise<Applied | string> {
  const ran = await host.agent('apply', record.digest, '--json')
  const [report] = documentOf(ran).applies ?? []
  return report ? { record, report } : ran.stderr
}

type Documents = Pick<DiagnosisDocument, 'hosts'> &
  Pick<PlanDocument, 'plans' | 'without'> &
  Pick<ApplyDocument, 'applies'>

/** Whoever asks for a document is given problems as one, too: none of what it should have is in them. */
function documentOf(ran: Ran): Partial<Documents> {
  if (ran.stdout === '') throw new Error(`The agent ended with ${ran.exitCode}: ${ran.stderr}`)
  return JSON.parse(ran.stdout) as Partial<Documents>
}

/** Of the host, and of all that is wrong. */
function unitsOf(host: Host, { findings }: HostDiagnosis): readonly string[] {
  const named = findings.flatMap(({ subject: { kind, name } }) =>
    kind === 'service' || kind === 'pool' ? [name.split('/')[0] ?? name] : [],
  )
  return [...new Set([host.unit, 'nginx', ...named])]
}
