/**
 * Answers of hosts, checked before they become history. A host may be broken or hostile: what it says must have the shape,
 * be about what it was asked, be what its digest says, and be text that can be hashed and stored. Pure.
 */
import * as z from 'zod/mini'
import {
  ApplyReport,
  digestOf,
  HostDiagnosis,
  PlanAnswer,
  Problem,
  problem,
  type Asked,
  type Digest,
  type HostId,
  type Plan,
  type RemoteAuthority,
  type RunId,
} from '@fleetmend/shared'
import { NotReached } from './fleet-port.ts'

type ReadAnswer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem }

/** What a host was asked to plan, and when it answered. */
interface PlanQuestion {
  readonly host: HostId
  readonly asked: Asked
  readonly nowMs: number
}

/** What a host was found to have said. */
export function readPlanAnswer(answer: unknown, question: PlanQuestion): ReadAnswer<PlanAnswer | NotReached> {
  const parsed = z.union([PlanAnswer, NotReached]).safeParse(answer)
  if (!parsed.success) return nonsense
  if (parsed.data.kind !== 'planned') return { ok: true, value: wellFormed(parsed.data) }
  const { record } = parsed.data
  // Half of a surrogate pair has no canonical form: such a plan has no digest that anyone could sign.
  if (!isWellFormed(record.plan)) return nonsense
  const lie = lieInPlan(record.plan, record.digest, question)
  if (lie !== null) return notBelieved(lie, question)
  if (Date.parse(record.plan.expiresAt) - question.nowMs < shortestPlanMs) return tooOld(record.plan)
  return { ok: true, value: { ...parsed.data, record: { ...record, forecast: wellFormed(record.forecast) } } }
}

/** What a host was told to apply, and with what. */
export interface ApplyQuestion {
  readonly host: HostId
  readonly plan: Digest
  readonly run: RunId
  readonly authority: RemoteAuthority | null
}

export function readReport(report: unknown, question: ApplyQuestion): ReadAnswer<ApplyReport> {
  const parsed = ApplyReport.safeParse(report)
  if (!parsed.success) return nonsense
  const lie = lieInReport(parsed.data, question)
  return lie === null ? { ok: true, value: wellFormed(parsed.data) } : notBelieved(lie, question)
}

/** Of a host that was asked what is wrong with it. Where it says nothing of its status, it says nothing at all. */
export function readDiagnosis(said: unknown, host: HostId): ReadAnswer<HostDiagnosis> {
  const parsed = HostDiagnosis.safeParse(said)
  if (!parsed.success || parsed.data.outcome !== 'diagnosed' || parsed.data.status === undefined) return noDiagnosis
  if (parsed.data.host === host) return { ok: true, value: wellFormed(parsed.data) }
  return notBelieved(`the diagnosis of another host, ${JSON.stringify(parsed.data.host)}`, { host })
}

export function readProblem(told: unknown): ReadAnswer<Problem> {
  const parsed = Problem.safeParse(told)
  return parsed.success ? { ok: true, value: wellFormed(parsed.data) } : nonsense
}

/**
 * One manifest is signed for all hosts, and not for longer than their plans: a host that calls its own old would end the run
 * of all. Plans are good for an hour, so that the clock of a host may be behind by most of one.
 */
const shortestPlanMs = 15 * 60_000

/** As the end of a sentence; null: it may be true. */
function lieInPlan(plan: Plan, digest: Digest, { host, asked }: PlanQuestion): string | null {
  if (plan.host !== host) return `a plan of another host, ${JSON.stringify(plan.host)}`
  if (digestOf(plan) !== digest) return 'a plan and the digest of another one'
  const wanted = asked.want
  const unasked = plan.remediations.find(
    (planned) => wanted !== 'for-findings' && !wanted.some((each) => isPlannedAs(each, planned)),
  )
  if (unasked) return `a plan to ${JSON.stringify(unasked.id)} with an input that nobody asked for`
  const startsStopped = plan.remediations.some(({ input }) => input['startStopped'] === true)
  if (startsStopped && !mayStartStopped(asked)) return 'a plan to start what a person stopped, which nobody asked for'
  if (asked.watchMs !== undefined && plan.watchMs !== asked.watchMs)
    return `a plan that is watched for ${plan.watchMs} ms instead of ${asked.watchMs}`
  return null
}

type Wanted = Exclude<Asked['want'], string>[number]

/** The host fills in what was left out; what was given is what it plans with. */
function isPlannedAs(wanted: Wanted, planned: Plan['remediations'][number]): boolean {
  const given = Object.entries(wanted.input).filter(([name]) => name !== 'startStopped')
  return planned.id === wanted.id && given.every(([name, value]) => planned.input[name] === value)
}

/** It can be asked for in each remediation, or for all of them. */
function mayStartStopped({ want, startStopped }: Asked): boolean {
  return startStopped === true || (want !== 'for-findings' && want.some(({ input }) => input['startStopped'] === true))
}

/** What was refused began nothing, and says by whose word only what it was shown. */
function lieInReport(report: ApplyReport, { host, plan, run, authority }: ApplyQuestion): string | null {
  if (report.host !== host) return `a report of another host, ${JSON.stringify(report.host)}`
  if (report.plan !== plan) return 'a report about another plan than the one it was told to apply'
  const { kind, run: ofRun } = report.authority
  // Root at the keyboard of the host may have done it in the meantime.
  if (report.outcome === 'refused' || kind === 'local-root' || authority === null) return null
  if (kind !== authority.kind || (ofRun !== undefined && ofRun !== run))
    return `a report of an apply by ${inWords[kind]} that it was never shown`
  return null
}

const inWords = { approval: 'an approval', 'break-glass': 'a broken glass', grant: 'a grant' } as const

const nonsense: ReadAnswer<never> = {
  ok: false,
  problem: problem(
    'malformed-frame',
    'It answered with something that makes no sense here. Compare the version of its agent with that of the controller:\n    fleetmend hosts list',
  ),
}

const noDiagnosis: ReadAnswer<never> = {
  ok: false,
  problem: problem(
    'answer-not-believed',
    'It answered with something that is no diagnosis. Compare the version of its agent with that of the controller:\n    fleetmend hosts list',
  ),
}

function notBelieved(lie: string, { host }: Pick<PlanQuestion, 'host'>): ReadAnswer<never> {
  return {
    ok: false,
    problem: problem(
      'answer-not-believed',
      `It answered with ${lie}. An agent as it was installed never does. Find out who was on that host; what is on record of it:\n    fleetmend audit list --host ${host}`,
    ),
  }
}

function tooOld({ expiresAt }: Plan): ReadAnswer<never> {
  return {
    ok: false,
    problem: problem(
      'plan-expired',
      `Its plan is good until ${expiresAt}, which leaves no time to approve it. Its clock, or that of the controller, is wrong:\n    timedatectl`,
    ),
  }
}

/** The same with the replacement character for every half of a surrogate pair. Only for plain JSON. */
export function wellFormed<T>(value: T): T {
  return mapStrings(value, (text) => text.toWellFormed()) as T
}

function isWellFormed(value: unknown): boolean {
  let whole = true
  mapStrings(value, (text) => {
    whole &&= text.isWellFormed()
    return text
  })
  return whole
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((each) => mapStrings(each, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [map(key), mapStrings(each, map)]))
}
