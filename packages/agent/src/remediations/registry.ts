/** Every remediation, the least disturbing first. */
import type { Remediation } from './define.ts'
import { makeReloadGraceful } from './make-reload-graceful.ts'
import { reloadFpm } from './reload-fpm.ts'
import { restartOnFailure } from './restart-on-failure.ts'
import { startService } from './start-service.ts'
import { tunePool } from './tune-pool.ts'

export const remediations: readonly Remediation[] = [
  restartOnFailure,
  startService,
  reloadFpm,
  makeReloadGraceful,
  tunePool,
]
