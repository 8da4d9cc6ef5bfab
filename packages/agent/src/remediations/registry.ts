/** Every remediation, the least disturbing first. */
import type { Remediation } from './define.ts'
import { disableFastcgiKeepalive } from './disable-fastcgi-keepalive.ts'
import { enableService } from './enable-service.ts'
import { alignTimeouts } from './align-timeouts.ts'
import { fixScriptFilename } from './fix-script-filename.ts'
import { makeReloadGraceful } from './make-reload-graceful.ts'
import { raiseHeaderBuffers } from './raise-header-buffers.ts'
import { recreateSocket } from './recreate-socket.ts'
import { reloadFpm } from './reload-fpm.ts'
import { reloadNginx } from './reload-nginx.ts'
import { restartFpm } from './restart-fpm.ts'
import { restoreConfig } from './restore-config.ts'
import { restartOnFailure } from './restart-on-failure.ts'
import { startService } from './start-service.ts'
import { tunePool } from './tune-pool.ts'
import { unmaskService } from './unmask-service.ts'

export const remediations: readonly Remediation[] = [
  restartOnFailure,
  raiseHeaderBuffers,
  fixScriptFilename,
  disableFastcgiKeepalive,
  reloadNginx,
  startService,
  enableService,
  unmaskService,
  restoreConfig,
  reloadFpm,
  makeReloadGraceful,
  alignTimeouts,
  tunePool,
  recreateSocket,
  restartFpm,
]
