/** Plans of hosts without a controller: each change once with its hosts, and hosts without a plan with the reason. Pure. */
import {
  plainPaint,
  planBody,
  safeLine,
  type Paint,
  type PlanAnswer,
  type PlanRecord,
  hostNames,
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
  const blocks = changes.map((group, at) => changeText(group, at, changes.length, paint))
  const without = Map.groupBy(
    hosts.filter((host) => !host.ok || host.value.kind !== 'planned'),
    (host) => whyWithout(host, paint),
  )
  for (const [why, group] of without)
    blocks.push(`${paint.bold(safeLine(hostNames(group.map(({ name }) => name))))}  ${why}`)
  return blocks.join('\n')
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
