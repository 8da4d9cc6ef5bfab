/** What a run would do, for whoever decides: each change once with its hosts, hosts without a plan, what is to be signed. */
import {
  manifestDigest,
  planBody,
  safeLine,
  shareOf,
  type ChangeGroup,
  type Paint,
  type RunHost,
  type RunView,
  hostNames,
} from '@fleetmend/shared'
import { indented } from './indented.ts'
import { breakGlassText, followsText } from './run-text.ts'
import { codeWords, hostStateWords, runStateWords } from './run-words.ts'
import { paceText } from './waves-text.ts'

export function runPlanText(view: RunView, paint: Paint): string {
  const { run } = view
  const head = `${paint.bold(run.id)}  ${runStateWords[run.state]}\n  ${safeLine(run.requester)}: ${safeLine(run.reason)}\n${followsText(run)}${breakGlassText(run, paint)}`
  const changes = run.groups.map((group, index) => changeText(view, group, index, paint))
  const without = Map.groupBy(
    run.hosts.filter(({ plan }) => plan === null),
    ({ state, code, says }) => JSON.stringify([state, code, says]),
  )
    .values()
    .map((hosts) => withoutText(hosts, paint))
  return [head, ...changes, ...without, footer(view, paint)].filter((block) => block !== '').join('\n')
}

function withoutText(hosts: readonly RunHost[], paint: Paint): string {
  const [first] = hosts
  if (!first) return ''
  const says = first.says ? `${indented(first.says)}\n` : ''
  return `${paint.bold(hostNames(hosts.map(({ id }) => id)))}  ${paint.yellow(hostStateWords[first.state])}${paint.dim(codeWords(first))}\n${says}`
}

function changeText({ run, plans }: RunView, group: ChangeGroup, index: number, paint: Paint): string {
  const record = plans.find(({ plan }) => plan.host === group.hosts[0])
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

function footer({ run }: RunView, paint: Paint): string {
  if (!run.manifest) return ''
  return `${paint.dim(paceText(run))}\nManifest ${manifestDigest(run.manifest)}, to be approved before ${run.manifest.notAfter}\n`
}
