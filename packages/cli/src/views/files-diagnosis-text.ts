/** The diagnosis of files for containers as a person reads it: status, then each finding with how we know and what to do. */
import { findingText, safeLine, type FilesDiagnosis, type Paint } from '@fleetmend/shared'

export function filesDiagnosisText(diagnosis: FilesDiagnosis, paint: Paint): string {
  const { files, workloads, findings, couldNotTell } = diagnosis
  const status = { healthy: paint.green('healthy'), 'at-risk': paint.yellow('at risk'), failing: paint.red('failing') }[
    diagnosis.status
  ]
  const heading = `${paint.bold(files.length === 1 ? safeLine(files[0] ?? '') : `${files.length} files`)}  ${status}\n`
  const judged =
    workloads.length === 0 ? '' : `  ${paint.dim(`judged: ${workloads.map((each) => safeLine(each)).join(', ')}`)}\n`
  const unknown = couldNotTell.map(({ what, why }) => `    ${safeLine(what)}: ${safeLine(why)}\n`).join('')
  return [
    `${heading}${judged}`,
    ...findings.map((finding) => findingText(finding, paint, () => '')),
    ...(unknown === '' ? [] : [`  ${paint.dim('Could not tell')}\n${unknown}`]),
  ].join('\n')
}
