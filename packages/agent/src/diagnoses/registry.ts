/** Every diagnosis, in the order in which they explain each other: causes before what follows from them. */
import { capacityDiagnoses } from './capacity/capacity-diagnoses.ts'
import type { Diagnosis } from './define.ts'
import { riskDiagnoses } from './risk/risk-diagnoses.ts'
import { serviceDiagnoses } from './service/service-diagnoses.ts'

export const diagnoses: readonly Diagnosis[] = [...serviceDiagnoses, ...capacityDiagnoses, ...riskDiagnoses]
