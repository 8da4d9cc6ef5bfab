/** `fleetmend-agent diagnose`: what is wrong here, why, and how it knows. Changes nothing. */
import {
  diagnosisText,
  exitCodes,
  problem,
  remediationWords,
  type DiagnosisDocument,
  type HostDiagnosis,
} from '@fleetmend/shared'
import { diagnoseHost } from '../agent.ts'
import { jsonOption, printJson, type Command } from './define.ts'
import { reportProblem } from './report-problem.ts'

export const diagnoseCommand: Command = {
  name: 'diagnose',
  summary: 'Say what is wrong on this host, why, and how it knows. Changes nothing.',
  usage: 'diagnose [--site NAME] [--json]',
  options: { site: { type: 'string' }, ...jsonOption },
  words: { min: 0, max: 0 },

  async run({ host, values, streams }) {
    const site = values['site'] as string | undefined
    const diagnosis = await diagnoseHost(host, site === undefined ? {} : { site })
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

/** Only causes and risks count, and so does a failing host without a cause found. */
function hasFindings({ findings, status }: HostDiagnosis): boolean {
  return status === 'failing' || findings.some(({ role }) => role === 'cause' || role === 'risk')
}
