/** What a run would do, for whoever decides: each change once with its hosts, hosts without a plan, what is to be signed. */
import {
  manifestDigest,
  planBody,
  safeLine,
  type ChangeGroup,
  type Paint,
  type RunHost,
  type RunView,
} from '@fleetmend/shared'
import { hostCount, hostNames } from './host-names.ts'
import { indented } from './indented.ts'
import { breakGlassText } from './run-text.ts'
import { hostStateWords, runStateWords } from './run-words.ts'

export function runPlanText(view: RunView, paint: Paint): string {
  const { run } = view
  const head = `${paint.bold(run.id)}  ${runStateWords[run.state]}\n  ${safeLine(run.requester)}: ${safeLine(run.reason)}\n${breakGlassText(run, paint)}`
  const changes = run.groups.map((group, index) => changeText(view, group, index, paint))
  const without = Map.groupBy(
    run.hosts.filter(({ plan }) => plan === null),
    ({ state, says }) => JSON.stringify([state, says]),
  )
    .values()
    .map((hosts) => withoutText(hosts, paint))
  return [head, ...changes, ...without, footer(view, paint)].filter((block) => block !== '').join('\n')
}

function withoutText(hosts: readonly RunHost[], paint: Paint): string {
  const [first] = hosts
  if (!first) return ''
  const says = first.says ? `${indented(first.says)}\n` : ''
  return `${paint.bold(hostNames(hosts.map(({ id }) => id)))}  ${paint.yellow(hostStateWords[first.state])}\n${says}`
}

function changeText({ run, plans }: RunView, group: ChangeGroup, index: number, paint: Paint): string {
  const record = plans.find(({ plan }) => plan.host === group.hosts[0])
  if (!record) return ''
  const number = run.groups.length > 1 ? `Change ${index + 1} of ${run.groups.length}` : 'The change'
  const canaries = group.hosts.slice(0, run.waves.canaryHosts)
  const isCanaried = canaries.length > 0 && canaries.length < group.hosts.length
  const canary = isCanaried ? `  canary: ${hostNames(canaries)}` : ''
  const shownAs = group.hosts.length > 1 ? `\n  as on ${record.plan.host}` : ''
  const title = `${paint.bold(`${number}: ${hostNames(group.hosts)}`)}${paint.dim(canary)}${paint.dim(shownAs)}`
  return `${title}\n\n${planBody(record.plan, record.forecast, paint)}`
}

function footer({ run }: RunView, paint: Paint): string {
  if (!run.manifest) return ''
  const { waves, limits } = run
  const order = `At most ${limits.groupsAtOnce === 1 ? 'one change' : `${limits.groupsAtOnce} changes`} at a time; of each, ${waves.canaryHosts === 0 ? 'no canary' : `${hostCount(waves.canaryHosts)} first`}, then ${waves.batchHosts} at once; stops at ${limits.stopAtFailures === 1 ? 'the first failure' : `${limits.stopAtFailures} failures`}.`
  return `${paint.dim(order)}\nManifest ${manifestDigest(run.manifest)}, to be approved before ${run.manifest.notAfter}\n`
}
