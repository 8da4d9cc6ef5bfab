/** A host's diagnosis as a person reads it: status, then cause, how we know, what would fix it, what else is at risk. */
import type { Finding, HostDiagnosis, SuggestedRemediation } from '../model/finding.ts'
import { colourDiff } from './colour-diff.ts'
import { safe, safeLine, type Paint } from './paint.ts'

/** How the reader would ask for a plan: `fleetmend-agent plan` on the host, `fleetmend plan … HOST` elsewhere. */
export type PlanCommand = (remediation: SuggestedRemediation) => string

export function diagnosisText(diagnosis: HostDiagnosis, paint: Paint, planCommand: PlanCommand): string {
  if (diagnosis.outcome !== 'diagnosed') {
    return `${paint.bold(diagnosis.host)}  ${paint.red(whyNotDiagnosed(diagnosis))}\n${sentences(diagnosis.says ?? '')}`
  }
  const by = (role: Finding['role']) => diagnosis.findings.filter((finding) => finding.role === role)
  const blocks = [
    heading(diagnosis, paint),
    ...by('cause').map((finding) => findingText(finding, paint, planCommand)),
    ...section(
      'Follows from it',
      by('consequence').map(
        (finding) => `${finding.diagnosis}: ${safeLine(finding.says)} (explained by ${finding.explainedBy})`,
      ),
      paint,
    ),
    ...section(
      'Also at risk',
      by('risk').flatMap((finding) => riskLines(finding, paint, planCommand)),
      paint,
    ),
    ...section(
      'Notes',
      by('note').map((finding) => safeLine(finding.says)),
      paint,
    ),
    ...section(
      'Could not tell',
      diagnosis.couldNotTell.map(({ what, why }) => `${safeLine(what)}: ${safeLine(why)}`),
      paint,
    ),
  ]
  return blocks.join('\n')
}

/** The code where it says more than the outcome does. */
export function whyNotDiagnosed({ outcome, code }: Pick<HostDiagnosis, 'outcome' | 'code'>): string {
  return code === undefined || code === outcome ? outcome : `${outcome} (${code})`
}

/** Of several lines where a command to run stands alone on its own. */
function sentences(text: string): string {
  return text
    .split('\n')
    .map((line) => `${`  ${safeLine(line)}`.trimEnd()}\n`)
    .join('')
}

function heading(diagnosis: HostDiagnosis, paint: Paint): string {
  const status = { healthy: paint.green('healthy'), 'at-risk': paint.yellow('at risk'), failing: paint.red('failing') }[
    diagnosis.status ?? 'healthy'
  ]
  const failed = diagnosis.probes.filter((probe) => !probe.passed)
  const sites = new Set(diagnosis.probes.map((probe) => probe.site)).size
  // Without nginx, pools are asked themselves: `php-fpm/www`.
  const asked = diagnosis.probes.every(({ site }) => site.includes('/')) ? 'pool' : 'site'
  const probes =
    failed.length > 0
      ? failed.map((probe) => `  ${paint.red('✗')} ${safeLine(probe.site)}: ${safeLine(probe.says)}\n`).join('')
      : sites > 0
        ? `  ${paint.green('✓')} ${sites === 1 ? `its ${asked} answers` : `all ${sites} ${asked}s answer`}\n`
        : ''
  return `${paint.bold(diagnosis.host)}  ${status}\n${probes}`
}

export function findingText(finding: Finding, paint: Paint, planCommand: PlanCommand): string {
  const lines = [
    `  ${paint.red(paint.bold(finding.diagnosis))}  ${safeLine(finding.subject.name)}`,
    `    ${safeLine(finding.says)}`,
    `    ${paint.dim('How we know')}`,
    ...finding.evidence.map(
      (evidence) =>
        `      ${paint.cyan(safeLine(evidence.source))}${evidence.at ? paint.dim(` at ${evidence.at}`) : ''}\n        ${safeLine(evidence.says)}${diffLines(evidence, paint)}`,
    ),
    `    ${paint.dim('What would fix it')}`,
    ...(finding.withoutRemediation ? [`      ${safeLine(finding.withoutRemediation)}`] : []),
    ...finding.remediations.map((remediation) => `      ${planCommand(remediation)}`),
  ]
  return `${lines.join('\n')}\n`
}

function diffLines({ diff }: Finding['evidence'][number], paint: Paint): string {
  if (diff === undefined) return ''
  // Its first two lines name the file, which stands above it.
  const lines = colourDiff(safe(diff).trimEnd(), paint).split('\n').slice(2)
  return lines.map((line) => `\n        ${line}`).join('')
}

function riskLines(finding: Finding, paint: Paint, planCommand: PlanCommand): readonly string[] {
  return [
    `${paint.yellow(finding.diagnosis)}: ${safeLine(finding.says)}`,
    ...finding.remediations.map((remediation) => `  ${paint.dim(planCommand(remediation))}`),
    ...(finding.withoutRemediation ? [`  ${paint.dim(safeLine(finding.withoutRemediation))}`] : []),
  ]
}

function section(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : [`  ${paint.dim(title)}\n${lines.map((line) => `    ${line}\n`).join('')}`]
}

/** `restart-on-failure --input service=php8.2-fpm`, as the plan commands take it. */
export function remediationWords({ id, input }: SuggestedRemediation): string {
  const inputs = Object.entries(input).map(([name, value]) => `--input ${shellWord(`${name}=${value}`)}`)
  return [shellWord(id), ...inputs].join(' ')
}

/** One word of a command that people copy: what a host said must stay one word in their shell, too. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${safeLine(word).replaceAll("'", `'\\''`)}'`
}
