/** What became of a plan, as a person reads it. */
import type { ApplyOutcome, ApplyReport, AuthoritySummary } from '../model/apply.ts'
import { undoRemediation } from '../model/plan.ts'
import { safeLine, type Paint } from './paint.ts'

export const outcomeWords: Readonly<Record<ApplyOutcome, string>> = {
  fixed: 'fixed',
  'cleared-still-failing': 'cleared, still failing',
  inconclusive: 'changed, too little traffic to judge',
  'rolled-back': 'rolled back, as before',
  'not-fixed': 'not fixed',
  refused: 'refused, nothing was changed',
  stuck: 'stuck: a person must look',
}

/** What was put back is not called mended. */
const undoneWords: Partial<Readonly<Record<ApplyOutcome, string>>> = {
  fixed: 'undone',
  'cleared-still-failing': 'undone, and fails with it',
}

export function wordsOfOutcome(outcome: ApplyOutcome, { remediations }: Pick<ApplyReport, 'remediations'>): string {
  const words = remediations.includes(undoRemediation) ? undoneWords[outcome] : undefined
  return words ?? outcomeWords[outcome]
}

export function outcomePaint(outcome: ApplyOutcome, paint: Paint): (text: string) => string {
  if (outcome === 'fixed') return paint.green
  return outcome === 'inconclusive' || outcome === 'cleared-still-failing' ? paint.yellow : paint.red
}

export function applyText(report: ApplyReport, paint: Paint): string {
  const outcome = report.outcome
  const head =
    outcome === null ? paint.yellow(report.phase) : outcomePaint(outcome, paint)(wordsOfOutcome(outcome, report))
  return `${paint.bold(report.host)}  ${head}  ${paint.dim(report.apply)}\n${banner(report, paint)}${applyBody(report, paint)}`
}

/** Nobody should have to look for it: one person went ahead alone. */
function banner({ authority }: ApplyReport, paint: Paint): string {
  return authority.kind === 'break-glass' ? `  ${paint.red(safeLine(authorityWords(authority)))}\n` : ''
}

/** By what right it was applied, as a clause. */
export function authorityWords({ kind, by, grant, reason }: AuthoritySummary): string {
  const names = by.join(', ')
  switch (kind) {
    case 'approval':
    case 'local-root':
      return `allowed by ${names}`
    case 'grant':
      return `allowed by ${grant}, which ${names} signed`
    case 'break-glass':
      return `BREAK-GLASS by ${names} alone: ${reason}`
  }
}

/** What was seen afterwards, and what went wrong: without the host, for those who name several. */
export function applyBody({ verdict, problem }: ApplyReport, paint: Paint): string {
  const lines: string[] = []
  if (verdict) {
    lines.push(safeLine(verdict.says))
    for (const { passed, site, says } of verdict.probesAfter)
      lines.push(`${passed ? paint.green('✓') : paint.red('✗')} ${safeLine(site)}: ${safeLine(says)}`)
    if (verdict.watch) lines.push(paint.dim(safeLine(verdict.watch.says)))
  }
  if (problem) lines.push(paint.red(problem.title), ...problem.detail.split('\n').map((line) => safeLine(line)))
  return lines.map((line) => `  ${line}\n`).join('')
}

/** The whole story of one apply, for `history` and `--verbose`. */
export function timelineText(report: ApplyReport, paint: Paint): string {
  return report.timeline.map((entry) => `  ${paint.dim(entry.at.slice(11, 23))}  ${safeLine(entry.says)}\n`).join('')
}
