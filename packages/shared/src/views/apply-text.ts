/** What became of a plan, as a person reads it. */
import type { ApplyOutcome, ApplyReport } from '../model/apply.ts'
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

export function outcomePaint(outcome: ApplyOutcome, paint: Paint): (text: string) => string {
  if (outcome === 'fixed') return paint.green
  return outcome === 'inconclusive' || outcome === 'cleared-still-failing' ? paint.yellow : paint.red
}

export function applyText(report: ApplyReport, paint: Paint): string {
  const outcome = report.outcome
  const head = outcome === null ? paint.yellow(report.phase) : outcomePaint(outcome, paint)(outcomeWords[outcome])
  const lines = [`${paint.bold(report.host)}  ${head}  ${paint.dim(report.apply)}`]
  if (report.verdict) {
    lines.push(`  ${safeLine(report.verdict.says)}`)
    for (const probe of report.verdict.probesAfter) {
      lines.push(
        `  ${probe.passed ? paint.green('✓') : paint.red('✗')} ${safeLine(probe.site)}: ${safeLine(probe.says)}`,
      )
    }
    if (report.verdict.watch) lines.push(`  ${paint.dim(safeLine(report.verdict.watch.says))}`)
  }
  if (report.problem)
    lines.push(
      `  ${paint.red(report.problem.title)}`,
      ...report.problem.detail.split('\n').map((line) => `  ${safeLine(line)}`),
    )
  return `${lines.join('\n')}\n`
}

/** The whole story of one apply, for `history` and `--verbose`. */
export function timelineText(report: ApplyReport, paint: Paint): string {
  return report.timeline.map((entry) => `  ${paint.dim(entry.at.slice(11, 23))}  ${safeLine(entry.says)}\n`).join('')
}
