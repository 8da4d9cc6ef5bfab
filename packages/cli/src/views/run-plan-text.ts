/** What a run would do, for whoever decides: each change once with its hosts, hosts without a plan, what is to be signed. */
import { manifestDigest, planBody, safeLine, type ChangeGroup, type Paint, type RunView } from '@fleetmend/shared'
import { hostCount, hostNames } from './host-names.ts'
import { withoutPlan } from './hosts-by-words.ts'
import { runStateWords } from './run-words.ts'

export function runPlanText(view: RunView, paint: Paint): string {
  const { run } = view
  const head = `${paint.bold(run.id)}  ${runStateWords[run.state]}\n  ${safeLine(run.requester)}: ${safeLine(run.reason)}\n`
  const changes = run.groups.map((group, index) => changeText(view, group, index, paint))
  const without = withoutPlan(run.hosts).map(
    ({ words, says, hosts }) =>
      `${paint.bold(hostNames(hosts))}  ${paint.yellow(words)}\n${says === '' ? '' : `${indented(says)}\n`}`,
  )
  return [head, ...changes, ...without, footer(view, paint)].filter((block) => block !== '').join('\n')
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

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${safeLine(line)}`)
    .join('\n')
}
