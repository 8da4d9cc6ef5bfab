/** What can be wrong in files for containers: judged over those files, no host needed. */
import type { ContainersDiagnosis } from '../define.ts'
import { probeTooAggressive } from './probe-too-aggressive.ts'
import { readinessMissing } from './readiness-missing.ts'
import { scriptFilenameAcrossContainers } from './script-filename-across-containers.ts'

export const containersDiagnoses: readonly ContainersDiagnosis[] = [
  scriptFilenameAcrossContainers,
  probeTooAggressive,
  readinessMissing,
]
