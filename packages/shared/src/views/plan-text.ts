/** A plan as a person reads it before saying yes: why, the diff, what is checked, what is done, what it disturbs. */
import {
  isFileChange,
  type Act,
  type Change,
  type Check,
  type MayReturn,
  type Plan,
  type PlanRecord,
} from '../model/plan.ts'
import { colourDiff } from './colour-diff.ts'
import { safe, safeLine, type Paint } from './paint.ts'

export function planText({ digest, plan, forecast }: PlanRecord, paint: Paint): string {
  const head = `${paint.bold('Plan')} ${paint.cyan(digest)}\n  for ${plan.host}, until ${plan.expiresAt}\n`
  return [head, planBody(plan, forecast, paint)].join('\n')
}

/** Without host, digest and times: what hosts with the same diff share. */
export function planBody(plan: Plan, forecast: readonly string[], paint: Paint): string {
  const why = plan.remediations.map(({ id, because, arithmetic }) =>
    [
      `  ${paint.bold(id)}  ${safeLine(because)}`,
      ...arithmetic.map((line) => `      ${paint.dim(safeLine(line))}`),
    ].join('\n'),
  )
  const besides = plan.changes.flatMap((change) => (isFileChange(change) ? [] : [changeWords(change)]))
  const diffs = plan.changes
    .filter(isFileChange)
    .map((change) => colourDiff(withoutLastBreak(safe(change.diff)), paint))
  const blocks = [
    `${why.join('\n')}\n`,
    ...(diffs.length > 0 ? [`${diffs.join('\n\n')}\n`] : [`  ${paint.dim('No file changes.')}\n`]),
    list('Beside its files', besides, paint),
    list('Checked first', plan.checks.map(checkWords), paint),
    list('Then', plan.acts.map(actWords), paint),
    list('Disturbs', plan.disturbs.length > 0 ? plan.disturbs : ['nothing'], paint),
    list('Mind', plan.warnings, paint),
    list('Expected', forecast, paint),
    list('Afterwards', [afterwards(plan)], paint),
  ]
  return blocks.filter((block) => block !== '').join('\n')
}

/**
 * As `patch` takes it: not indented, where it would overlook that a file has no break at its end (GNU patch 2.7,
 * `incomplete_line`), and with a blank last line, which it counts.
 */
function withoutLastBreak(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text
}

function list(title: string, lines: readonly string[], paint: Paint): string {
  return lines.length === 0 ? '' : `  ${paint.dim(title)}\n${lines.map((line) => `    ${safeLine(line)}\n`).join('')}`
}

export function checkWords(check: Check): string {
  const on =
    check.when === 'planned' ? 'the planned files, before anything is written' : 'the written files, before acting'
  return check.check === 'unit-file'
    ? `systemd accepts the unit of ${check.service}: ${on}`
    : `${check.service} accepts ${on}`
}

export function changeWords(change: Exclude<Change, { of: 'file' }>): string {
  if (change.of === 'directory')
    return `${change.path} (${change.after.owner}:${change.after.group}) gets mode ${change.after.mode}; it has ${change.before.mode}`
  const is = change.after ? 'is' : 'is no longer'
  switch (change.setting) {
    case 'enabled':
      return `${change.service} ${is} started at boot`
    case 'masked':
      return `${change.service} ${is} masked`
    case 'masked-runtime':
      return `${change.service} ${is} masked until the next boot`
  }
}

export function actWords(act: Act): string {
  switch (act.act) {
    case 'daemon-reload':
      return 'systemd reads its unit files again (nothing is restarted)'
    case 'reset-failed':
      return `the failed state of ${act.service} is cleared`
    case 'start':
      return `${act.service} is started`
    case 'restart':
      return act.finishMs === undefined
        ? `${act.service} is restarted`
        : `${act.service} is restarted; its workers have ${act.finishMs / 1000} s to finish their requests first`
    case 'reload-nginx':
      return 'nginx is reloaded: new workers take over, the old ones finish their requests'
    case 'reload-fpm':
      return `${act.service} is reloaded without losing a request${act.reloadsNginx ? ', and nginx with it' : ''}; lets go after ${act.deadlineMs / 1000} s`
  }
}

function afterwards(plan: Plan): string {
  const { clears, mayReturn, watchMs } = plan
  const watched = `it is watched for ${watchMs / 1000} s`
  if (mayReturn)
    return `the host is looked at again: ${mayFail(mayReturn)}; ${watched}${mayReturn.visitorsFailed ? ', where 5xx answers are told and put nothing back' : ''}; if it is worse than that, it is put back`
  const cleared = clears.map(({ diagnosis, subject }) => `${diagnosis} on ${subject.name}`).join(', ')
  const look = cleared === '' ? 'the host is looked at again' : `the host is looked at again: ${cleared} must be gone`
  return `${look}, no probe may fail that passes now, and ${watched}; if it is worse, it is put back`
}

const namedAtMost = 5

function mayFail({ probes }: MayReturn): string {
  const failed = probes.filter(({ before }) => before === 'failed')
  if (failed.length === 0) return 'no probe may fail that passes now'
  const named = failed.slice(0, namedAtMost).map(probeWords)
  const more = failed.length > namedAtMost ? ` and ${failed.length - namedAtMost} more` : ''
  return `what failed before may fail again (${named.join(', ')}${more}), no other probe may that passes now`
}

function probeWords({ site, over, upstream }: MayReturn['probes'][number]): string {
  return over === 'http' ? site : `${site} over ${upstream ?? 'FastCGI'}`
}
