/** What a run would do, for whoever decides: each change once with its hosts, hosts without a plan, what is to be signed. */
import {
  hostCount,
  hostNames,
  manifestDigest,
  planBody,
  safeLine,
  shareOf,
  type ChangeGroup,
  type Paint,
  type PlanRecord,
  type Run,
  type RunHost,
  type RunView,
} from '@fleetmend/shared'
import { indented } from './indented.ts'
import { breakGlassText, followsText } from './run-text.ts'
import { codeWords, hostStateWords, runStateWords } from './run-words.ts'
import { paceText } from './waves-text.ts'

export function runPlanText(view: RunView, paint: Paint): string {
  const { run } = view
  const head = `${paint.bold(run.id)}  ${runStateWords[run.state]}\n  ${safeLine(run.requester)}: ${safeLine(run.reason)}\n${followsText(run)}${breakGlassText(run, paint)}`
  const records = new Map(view.plans.map((record) => [record.plan.host, record]))
  const changes = run.groups
    .map((group, index) => ({ group, index }))
    .toSorted((a, b) => a.group.hosts.length - b.group.hosts.length)
    .map(({ group, index }) => changeText(run, group, index, records.get(group.hosts[0] ?? ''), paint))
  return [head, ...withoutPlan(run, paint), ...changes, footer(view, paint)].filter((block) => block !== '').join('\n')
}

/** What one host would do, and nothing of the others. */
export function hostPlanText({ run, plans }: RunView, id: string, paint: Paint): string {
  const record = plans.find(({ plan }) => plan.host === id)
  const one = run.hosts.filter((host) => host.id === id)
  if (!record) return one.map((host) => withoutText([host], paint)).join('')
  const index = run.groups.findIndex(({ hosts }) => hosts.includes(id))
  const alike = run.groups[index]?.hosts.length ?? 1
  const same =
    alike > 1 ? paint.dim(`  change ${index + 1} of ${run.groups.length}, as on ${hostCount(alike - 1)} more`) : ''
  return `${paint.bold(id)}${same}\n\n${planBody(record.plan, record.forecast, paint)}`
}

/** Once for those of whom the same is to be said: whoever is different is seen first, and healthy ones last. */
function withoutPlan({ hosts }: Run, paint: Paint): readonly string[] {
  const groups = Map.groupBy(
    hosts.filter(({ plan }) => plan === null),
    ({ state, code, says }) => JSON.stringify([state, code, says]),
  )
  const isFine = ([host]: readonly RunHost[]): number => Number(host?.state === 'nothing-to-do')
  return [...groups.values()]
    .toSorted((a, b) => isFine(a) - isFine(b) || a.length - b.length)
    .map((group) => withoutText(group, paint))
}

function withoutText(hosts: readonly RunHost[], paint: Paint): string {
  const [first] = hosts
  if (!first) return ''
  const says = first.says ? `${indented(first.says)}\n` : ''
  return `${paint.bold(hostNames(hosts.map(({ id }) => id)))}  ${paint.yellow(hostStateWords[first.state])}${paint.dim(codeWords(first))}\n${says}`
}

function changeText(run: Run, group: ChangeGroup, index: number, record: PlanRecord | undefined, paint: Paint): string {
  if (!record) return ''
  const number = run.groups.length > 1 ? `Change ${index + 1} of ${run.groups.length}` : 'The change'
  const canaries = canariesOf(run, group)
  const isCanaried = canaries.length > 0 && canaries.length < group.hosts.length
  const canary = isCanaried ? `  canary: ${hostNames(canaries)}` : ''
  const shownAs = group.hosts.length > 1 ? `\n  as on ${record.plan.host}` : ''
  const title = `${paint.bold(`${number}: ${hostNames(group.hosts)}`)}${paint.dim(canary)}${paint.dim(shownAs)}`
  return `${title}\n\n${planBody(record.plan, record.forecast, paint)}`
}

/** As the controller chooses them: those with the labels first. */
function canariesOf({ canaries, waves }: RunView['run'], { hosts }: ChangeGroup): readonly string[] {
  const first = hosts.toSorted((a, b) => Number(canaries.includes(b)) - Number(canaries.includes(a)))
  return first.slice(0, shareOf(waves.canaryHosts, hosts.length))
}

function footer(view: RunView, paint: Paint): string {
  const { run } = view
  if (!run.manifest) return ''
  return `${paint.dim(paceText(view))}\nManifest ${manifestDigest(run.manifest)}, to be approved before ${run.manifest.notAfter}\n`
}
