/** What became of a run: how it ended, what it decided on its own, and each outcome once with its hosts. */
import {
  applyBody,
  hostNames,
  outcomePaint,
  safeLine,
  timelineText,
  wordsOfOutcome,
  type ApplyReport,
  type Paint,
  type RunHost,
  type RunView,
} from '@fleetmend/shared'
import { indented } from './indented.ts'
import { codeWords, hostStateWords, runStateWords } from './run-words.ts'

export function runText({ run, reports, followedBy = [] }: RunView, paint: Paint): string {
  const fromMs = Date.parse(run.startedAt)
  const took = run.endedAt === null ? '' : paint.dim(`  ${Math.round((Date.parse(run.endedAt) - fromMs) / 1000)} s`)
  const head = `${paint.bold(run.id)}  ${runStateWords[run.state]}${took}\n  ${safeLine(run.requester)}: ${safeLine(run.reason)}\n${followsText(run)}`
  const approved = [
    ...(run.request ? [`  request signed by ${safeLine(run.request.principal)} at ${run.request.at}\n`] : []),
    ...run.approvals.map(({ principal, at }) => `  approved by ${safeLine(principal)} at ${at}\n`),
  ]
  const notes = run.notes.map(({ at, says }) => `  ${paint.dim(at.slice(11, 19))}  ${safeLine(says)}\n`)
  const queue = run.heldBack.map(({ hosts, says }) => `  ${paint.yellow(`${hostNames(hosts)}: ${safeLine(says)}`)}\n`)
  const stopping = run.stopping ? `  ${paint.yellow(safeLine(run.stopping.says))}\n` : ''
  const later = followedBy.map(
    (each) =>
      `  ${paint.yellow(`${each.as === 'rollback' ? 'rolled back' : 'tried again'} by ${each.run}`)}  ${runStateWords[each.state]}\n`,
  )
  const outcomes = outcomeGroups(run.hosts, reports).map((group) => outcomeText(group, paint))
  const alone = breakGlassText(run, paint)
  return [
    `${head}${alone}${approved.join('')}${notes.join('')}${queue.join('')}${stopping}${later.join('')}`,
    ...outcomes,
  ].join('\n')
}

/** Which run it takes up. */
export function followsText({ follows }: RunView['run']): string {
  if (!follows) return ''
  return `  ${follows.as === 'rollback' ? 'rolls back' : 'tries again'} ${follows.run}\n`
}

/** What became of one host; nothing while nothing was done there. */
export function hostRunText({ run, reports }: RunView, id: string, paint: Paint): string {
  const host = run.hosts.find((each) => each.id === id)
  const report = reports.find((each) => each.host === id)
  if (!host || (!report && host.says === null)) return ''
  const timeline = report ? `\n${timelineText(report, paint)}` : ''
  return `${outcomeText([{ host, report }], paint)}${timeline}`
}

/** Nobody should have to look for it. */
export function breakGlassText({ breakGlass }: RunView['run'], paint: Paint): string {
  if (!breakGlass) return ''
  const { principal, reason, at } = breakGlass
  return `  ${paint.red(`BREAK-GLASS by ${safeLine(principal)} alone at ${at}: ${safeLine(reason)}`)}\n`
}

interface Outcome {
  readonly host: RunHost
  readonly report: ApplyReport | undefined
}

/** The ones to look at first come first. */
function outcomeGroups(hosts: readonly RunHost[], reports: readonly ApplyReport[]): readonly (readonly Outcome[])[] {
  const outcomes = hosts.map((host) => ({ host, report: reports.find((each) => each.host === host.id) }))
  const groups = Map.groupBy(outcomes, ({ host, report }) =>
    JSON.stringify([host.state, host.code, report?.problem?.detail ?? report?.verdict?.says ?? host.says]),
  )
  const isGood = (group: readonly Outcome[]) => Number(group[0]?.host.state === 'fixed')
  return [...groups.values()].toSorted((a, b) => isGood(a) - isGood(b))
}

function outcomeText(group: readonly Outcome[], paint: Paint): string {
  const [first] = group
  if (!first) return ''
  const { host, report } = first
  const colour = report?.outcome ? outcomePaint(report.outcome, paint) : paint.yellow
  const words = colour(
    report?.outcome === host.state ? wordsOfOutcome(report.outcome, report) : hostStateWords[host.state],
  )
  const code = paint.dim(codeWords(host))
  const head = `${paint.bold(hostNames(group.map(({ host: { id } }) => id)))}  ${words}${code}\n`
  if (!report) return host.says === null ? head : `${head}${indented(host.says)}\n`
  const shownAs = group.length > 1 ? paint.dim(`  as on ${host.id}\n`) : ''
  return `${head}${shownAs}${applyBody(report, paint)}`
}
