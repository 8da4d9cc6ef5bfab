/** Diagnoses of what is not broken yet. */
import { backlogSmall } from './backlog-small.ts'
import { configLatentInvalid } from './config-latent-invalid.ts'
import { configNotLoaded } from './config-not-loaded.ts'
import { noAutoRestart } from './no-auto-restart.ts'
import { oomPolicyStop } from './oom-policy-stop.ts'
import { poolUndersized } from './pool-undersized.ts'
import { reloadDropsRequests } from './reload-drops-requests.ts'
import { reloadUnguarded } from './reload-unguarded.ts'
import { slowlogOff } from './slowlog-off.ts'
import { statusPageOff } from './status-page-off.ts'

export const riskDiagnoses = [
  reloadDropsRequests,
  configLatentInvalid,
  configNotLoaded,
  noAutoRestart,
  oomPolicyStop,
  poolUndersized,
  backlogSmall,
  reloadUnguarded,
  statusPageOff,
  slowlogOff,
]
