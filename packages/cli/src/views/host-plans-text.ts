/** Plans of hosts without a controller: each change once with its hosts, and hosts without a plan with the reason. Pure. */
import {
  hostNames,
  plainPaint,
  planBody,
  safeLine,
  type Paint,
  type PlanAnswer,
  type PlanRecord,
} from '@fleetmend/shared'
import { indented } from './indented.ts'

export type HostPlan = { readonly name: string } & (
  | { readonly ok: true; readonly value: PlanAnswer }
  | { readonly ok: false; readonly problem: { readonly title: string; readonly detail: string } }
)

export interface WithRecord {
  readonly name: string
  readonly record: PlanRecord
}

/** Hosts with the same to be done, as a person reads it. */
export function changesOf<Host extends WithRecord>(hosts: readonly Host[]): readonly (readonly Host[])[] {
  return [...Map.groupBy(hosts, ({ record }) => planBody(record.plan, record.forecast, plainPaint)).values()]
}

export function hostPlansText(hosts: readonly HostPlan[], paint: Paint): string {
  const planned = hosts.flatMap((host) =>
    host.ok && host.value.kind === 'planned' ? [{ name: host.name, record: host.value.record }] : [],
  )
  const changes = changesOf(planned)
  const without = Map.groupBy(
    hosts.filter((host) => !host.ok || host.value.kind !== 'planned'),
    (host) => whyWithout(host, paint),
  )
  // Whoever is different is seen first, and those that are as they should be last.
  const isFine = ([host]: readonly HostPlan[]): number =>
    Number(host?.ok === true && host.value.kind === 'nothing-to-do')
  const outliers = [...without].toSorted(([, a], [, b]) => isFine(a) - isFine(b) || a.length - b.length)
  const blocks = changes
    .map((group, at) => ({ group, at }))
    .toSorted((a, b) => a.group.length - b.group.length)
    .map(({ group, at }) => changeText(group, at, changes.length, paint))
  return [
    ...outliers.map(([why, group]) => `${paint.bold(safeLine(hostNames(group.map(({ name }) => name))))}  ${why}`),
    ...blocks,
  ].join('\n')
}

function changeText(group: readonly WithRecord[], at: number, count: number, paint: Paint): string {
  const [first] = group
  if (!first) return ''
  const number = count > 1 ? `Change ${at + 1} of ${count}` : 'The change'
  const names = safeLine(hostNames(group.map(({ name }) => name)))
  return `${paint.bold(`${number}: ${names}`)}\n\n${planBody(first.record.plan, first.record.forecast, paint)}`
}

function whyWithout(host: HostPlan, paint: Paint): string {
  if (!host.ok) return `${paint.red(host.problem.title)}\n${indented(host.problem.detail)}\n`
  const { value } = host
  if (value.kind === 'nothing-to-do') return `${paint.green('nothing to do')}\n${indented(value.because)}\n`
  return value.kind === 'refused'
    ? `${paint.yellow('cannot be planned')}\n${indented(`${value.because}\n${value.toDo}`)}\n`
    : ''
}
