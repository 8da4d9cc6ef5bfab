/** Whether a diagnosis found something: what the exit codes of both command lines say. */
import type { HostDiagnosis } from './finding.ts'

/** Only causes and risks count, and so does a failing host without a cause found (exit code 2). */
export function hasFindings({ findings, status }: Pick<HostDiagnosis, 'findings' | 'status'>): boolean {
  return status === 'failing' || findings.some(({ role }) => role === 'cause' || role === 'risk')
}
