/** Diagnoses of what is not broken yet. */
import { configLatentInvalid } from './config-latent-invalid.ts'
import { noAutoRestart } from './no-auto-restart.ts'
import { reloadDropsRequests } from './reload-drops-requests.ts'

export const riskDiagnoses = [reloadDropsRequests, configLatentInvalid, noAutoRestart]
