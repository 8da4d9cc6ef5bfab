/** `fleetmend-agent diagnose`: what is wrong here, why, and how it knows. Changes nothing. */
import type { DiagnosisDocument } from '@fleetmend/shared'
import { hasFindings } from '@fleetmend/shared/model/has-findings'
import { exitCodes, problem, type ExitCode } from '@fleetmend/shared/problems'
import { diagnosisText, remediationWords } from '@fleetmend/shared/views/diagnosis-text'
import { diagnoseHost } from '../diagnose-host.ts'
import { diagnoses } from '../diagnoses/registry.ts'
import { lookOptions } from '../look-options.ts'
import { policyToLookBy } from '../policy/policy-to-look-by.ts'
import { productionStateRoot, statePaths } from '../state/state-paths.ts'
import { jsonOption, printJson, type Command, type Streams } from './define.ts'
import { reportProblem } from './report-problem.ts'

export const diagnoseCommand: Command = {
  name: 'diagnose',
  summary: 'Say what is wrong on this host, why, and how it knows. Changes nothing.',
  usage: 'diagnose [--site NAME] [--json] | diagnose --explain ID',
  options: { site: { type: 'string' }, explain: { type: 'string' }, ...jsonOption },
  words: { min: 0, max: 0 },

  async run({ host, values, streams }) {
    if (typeof values['explain'] === 'string') return explainDiagnosis(streams, values['explain'])
    const site = values['site'] as string | undefined
    const known = lookOptions(statePaths(productionStateRoot), await policyToLookBy(host))
    const diagnosis = await diagnoseHost(host, { ...known, ...(site === undefined ? {} : { site }) })
    if (site !== undefined && diagnosis.probes.length === 0) {
      return reportProblem(
        streams,
        problem(
          'bad-input',
          `nginx serves no site "${site}" on this host that hands requests to PHP.\n\nTo see all of them:\n    fleetmend-agent diagnose`,
        ),
      )
    }
    if (values['json'])
      printJson(streams, { format: 'fleetmend.diagnosis/1', hosts: [diagnosis] } satisfies DiagnosisDocument)
    else
      streams.out(
        diagnosisText(
          diagnosis,
          streams.paint,
          (remediation) => `fleetmend-agent plan ${remediationWords(remediation)}`,
        ),
      )
    return hasFindings(diagnosis) ? exitCodes.findings : exitCodes.done
  },
}

async function explainDiagnosis(streams: Streams, id: string): Promise<ExitCode> {
  const diagnosis = diagnoses.find((each) => each.id === id)
  if (diagnosis) {
    // Remediations bring the schemas of their input, and finding out what is wrong needs none.
    const [{ diagnosisPage }, { remediations }] = await Promise.all([
      import('../views/diagnosis-page.ts'),
      import('../remediations/registry.ts'),
    ])
    streams.out(diagnosisPage(diagnosis, remediations))
    return exitCodes.done
  }
  const known = diagnoses.map((each) => `    ${each.id.padEnd(28)} ${each.title}`).join('\n')
  return reportProblem(
    streams,
    problem('unknown-diagnosis', `There is no diagnosis ${JSON.stringify(id)}. There are:\n\n${known}`),
  )
}
