/** What installing or taking away an agent comes to: hosts of which the same is to be said are one block. Pure. */
import { hostNames, problemText, safe, safeLine, shellWord, type InstallationStep, type Paint } from '@fleetmend/shared'
import { colourDiff } from '@fleetmend/shared/views/colour-diff'
import type { AnsweredHost } from '../installation/carry-out-on-hosts.ts'

type Task = 'install' | 'uninstall'

export function installationText(hosts: readonly AnsweredHost[], task: Task, paint: Paint): string {
  return [...Map.groupBy(hosts, sameness).values()].map((group) => blockOf(group, task, paint)).join('\n')
}

/** The name of a host is no part of what is said of it. */
function sameness(host: AnsweredHost): string {
  if (!host.ok) return JSON.stringify(host.problem)
  const { before, after, steps, notes, problem } = host.answer
  return JSON.stringify([before, after, steps, notes, problem])
}

function blockOf(hosts: readonly AnsweredHost[], task: Task, paint: Paint): string {
  const [first] = hosts
  if (!first) return ''
  const names = paint.bold(safeLine(hostNames(hosts.map(({ name }) => name))))
  if (!first.ok) return `${names}\n${problemText(first.problem, paint)}`
  const { before, after, steps, notes, problem } = first.answer
  const isPlanned = steps.every(({ became }) => became === 'to-do')
  const versions = task === 'install' ? versionsText(before, after) : (before ?? 'no agent')
  const body = [
    ...steps.map((step) => stepText(step, isPlanned, paint)),
    ...(steps.length === 0 && problem === null ? ['  nothing to do\n'] : []),
    ...notes.map((note) => `  ${paint.dim(safeLine(note))}\n`),
    ...(problem === null ? [] : [problemText(problem, paint)]),
  ]
  return `${names}  ${safeLine(versions)}\n${body.join('')}`
}

function versionsText(before: string | null, after: string | null): string {
  if (before === after) return before ?? 'no agent'
  return `${before ?? 'no agent'} → ${after ?? 'no agent'}`
}

const marks = { 'to-do': ' ', done: '✓', failed: '✗', undone: '↺', 'left-out': '–' } as const

/** What has begun was shown before. */
function stepText({ says, diff, became }: InstallationStep, isPlanned: boolean, paint: Paint): string {
  const colour = {
    'to-do': paint.dim,
    done: paint.green,
    failed: paint.red,
    undone: paint.yellow,
    'left-out': paint.dim,
  }
  const line = `  ${colour[became](marks[became])} ${safeLine(says)}\n`
  if (diff === null || !isPlanned) return line
  const shown = colourDiff(safe(diff).trimEnd(), paint)
    .split('\n')
    .map((each) => `      ${each}\n`)
  return line + shown.join('')
}

/** What one would do next; nothing where something went wrong, which says so itself. */
export function nextAfter(hosts: readonly AnsweredHost[], task: Task): string {
  const good = hosts.flatMap((host) => (host.ok && host.answer.problem === null ? host : []))
  if (good.length === 0) return ''
  if (task === 'uninstall') {
    const known = good.flatMap(({ answer }) => answer.enrolled?.host ?? [])
    return known.length === 0
      ? ''
      : `\nTo take them off the list of their fleet as well:\n${known.map((each) => `    fleetmend hosts remove ${each}\n`).join('')}`
  }
  const enrolled = good.flatMap(({ answer }) => answer.enrolled?.host ?? [])
  if (enrolled.length > 0)
    return `\nTo look at what is wrong there:\n    fleetmend diagnose ${enrolled.slice(0, 20).join(' ')}\n`
  const names = good.map(({ name }) => shellWord(name)).join(' ')
  return `\nTo let them into a fleet, once you are signed in to its controller:\n    fleetmend agent install --ssh ${names}\n`
}
