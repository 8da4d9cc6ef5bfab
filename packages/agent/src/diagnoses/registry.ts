/** Every diagnosis of hosts, in the order in which they explain each other: causes before what follows from them. */
import { addressDiagnoses } from './address/address-diagnoses.ts'
import { capacityDiagnoses } from './capacity/capacity-diagnoses.ts'
import type { Diagnosis } from './define.ts'
import { otherBackendsDiagnoses } from './other-backends/other-backends-diagnoses.ts'
import { responseDiagnoses } from './response/response-diagnoses.ts'
import { riskDiagnoses } from './risk/risk-diagnoses.ts'
import { securityModulesDiagnoses } from './security-modules/security-modules-diagnoses.ts'
import { serviceDiagnoses } from './service/service-diagnoses.ts'
import { timeDiagnoses } from './time/time-diagnoses.ts'
import { workerDiagnoses } from './worker/worker-diagnoses.ts'

export const diagnoses: readonly Diagnosis[] = [
  ...serviceDiagnoses,
  ...addressDiagnoses,
  ...securityModulesDiagnoses,
  ...workerDiagnoses,
  ...capacityDiagnoses,
  ...timeDiagnoses,
  ...responseDiagnoses,
  ...otherBackendsDiagnoses,
  ...riskDiagnoses,
]
