/**
 * Answers of hosts, checked before they become history. A host may be broken or hostile: what it says must have the shape,
 * be about the plan it was asked about, and be text that can be hashed and stored. Pure.
 */
import * as z from 'zod/mini'
import { ApplyReport, digestOf, PlanAnswer, Problem, type Digest, type HostId } from '@fleetmend/shared'
import { NotReached } from './fleet-port.ts'

/** What a host was found to have said; null: nothing that makes sense. */
export function readPlanAnswer(answer: unknown, host: HostId): PlanAnswer | NotReached | null {
  const parsed = z.union([PlanAnswer, NotReached]).safeParse(answer)
  if (!parsed.success) return null
  if (parsed.data.kind !== 'planned') return wellFormed(parsed.data)
  const { digest, plan } = parsed.data.record
  // Half of a surrogate pair has no canonical form: such a plan has no digest that anyone could sign.
  const isItsOwn = plan.host === host && isWellFormed(plan) && digestOf(plan) === digest
  return isItsOwn
    ? { ...parsed.data, record: { ...parsed.data.record, forecast: wellFormed(parsed.data.record.forecast) } }
    : null
}

export function readReport(report: unknown, host: HostId, plan: Digest): ApplyReport | null {
  const parsed = ApplyReport.safeParse(report)
  return parsed.success && parsed.data.host === host && parsed.data.plan === plan ? wellFormed(parsed.data) : null
}

export function readProblem(problem: unknown): Problem | null {
  const parsed = Problem.safeParse(problem)
  return parsed.success ? wellFormed(parsed.data) : null
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
