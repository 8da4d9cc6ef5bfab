/** Every diagnosis, in the order in which they explain each other: causes before what follows from them. */
import { configLatentInvalid } from './config-latent-invalid.ts'
import type { Diagnosis } from './define.ts'
import { fpmConfigInvalid } from './fpm-config-invalid.ts'
import { fpmCrashed } from './fpm-crashed.ts'
import { fpmStopped } from './fpm-stopped.ts'
import { noAutoRestart } from './no-auto-restart.ts'
import { poolExhausted } from './pool-exhausted.ts'
import { reloadDropsRequests } from './reload-drops-requests.ts'

export const diagnoses: readonly Diagnosis[] = [
  fpmConfigInvalid,
  fpmCrashed,
  fpmStopped,
  poolExhausted,
  reloadDropsRequests,
  configLatentInvalid,
  noAutoRestart,
]
