/** Every remediation, the least disturbing first. */
import type { Remediation } from './define.ts'
import { disableFastcgiKeepalive } from './disable-fastcgi-keepalive.ts'
import { enableSlowlog } from './enable-slowlog.ts'
import { enableStatusPage } from './enable-status-page.ts'
import { enableService } from './enable-service.ts'
import { allowClient } from './allow-client.ts'
import { alignUpstream } from './align-upstream.ts'
import { addUpstreamLog } from './add-upstream-log.ts'
import { alignTimeouts } from './align-timeouts.ts'
import { fixSocketAccess } from './fix-socket-access.ts'
import { fixScriptFilename } from './fix-script-filename.ts'
import { makeReloadGraceful } from './make-reload-graceful.ts'
import { raiseLimits } from './raise-limits.ts'
import { raiseBacklog } from './raise-backlog.ts'
import { raiseHeaderBuffers } from './raise-header-buffers.ts'
import { recreateSocket } from './recreate-socket.ts'
import { reloadFpm } from './reload-fpm.ts'
import { reloadNginx } from './reload-nginx.ts'
import { restartFpm } from './restart-fpm.ts'
import { restoreConfig } from './restore-config.ts'
import { restartOnFailure } from './restart-on-failure.ts'
import { startService } from './start-service.ts'
import { tunePool } from './tune-pool.ts'
import { undoApply } from './undo-apply.ts'
import { unmaskService } from './unmask-service.ts'

export const remediations: readonly Remediation[] = [
  restartOnFailure,
  raiseHeaderBuffers,
  fixScriptFilename,
  disableFastcgiKeepalive,
  raiseLimits,
  addUpstreamLog,
  reloadNginx,
  alignUpstream,
  startService,
  enableService,
  unmaskService,
  restoreConfig,
  reloadFpm,
  makeReloadGraceful,
  alignTimeouts,
  enableStatusPage,
  enableSlowlog,
  tunePool,
  allowClient,
  raiseBacklog,
  fixSocketAccess,
  recreateSocket,
  restartFpm,
  undoApply,
]
