/** What was seen of a PHP-FPM that only a stop and a start mends. */
import type { Finding } from '@fleetmend/shared'
import type { HostFacts } from '../survey/host-facts.ts'
import { listens, unreached } from './upstream-obstacle.ts'
import { plain, poolSubject } from './upstream-words.ts'
import type { UnitService } from './unit-service.ts'

export interface RestartReason {
  readonly says: string
  readonly clears: readonly Pick<Finding, 'diagnosis' | 'subject'>[]
}

export function restartReasons(facts: HostFacts, fpm: UnitService): readonly RestartReason[] {
  const stale: readonly RestartReason[] = fpm.unit.needDaemonReload
    ? [
        {
          says: `The unit files of ${fpm.service} were changed after systemd had read them; what they say of limits and environment holds from a restart on.`,
          clears: [],
        },
      ]
    : []
  return [...lostSockets(facts, fpm).map(({ says, clears }) => ({ says, clears: [clears] })), ...stale]
}

export interface LostSocket {
  readonly says: string
  readonly clears: Pick<Finding, 'diagnosis' | 'subject'>
  /** What stands in the way of a new socket and has to be put right by hand; null: nothing. */
  readonly obstacle: string | null
}

/** Sockets that the master still listens on and that nobody finds any more (`fpm_sockets.c`: a reload reuses them). */
export function lostSockets(facts: HostFacts, fpm: UnitService): readonly LostSocket[] {
  const gone = unreached(facts, 'socket-missing').flatMap(({ upstream }): readonly LostSocket[] => {
    const { address, way } = upstream
    const path = plain(address)
    if (!listens(fpm, address)) return []
    const missing = way?.missing ?? path
    const folder = missing === path ? null : missing
    return [
      {
        says: `${fpm.service} listens on ${path}, whose file was deleted; a reload would hand on the same socket, still without a file.`,
        clears: { diagnosis: 'socket-missing', subject: poolSubject(subjectAt(fpm, address)) },
        obstacle: folder === null ? null : `${folder} is gone, and FPM makes no folders`,
      },
    ]
  })
  const covered = unreached(facts, 'socket-stale').flatMap(({ upstream }): readonly LostSocket[] => {
    const { address, way } = upstream
    const path = plain(address)
    if (!listens(fpm, address)) return []
    const isFolder = way?.steps.at(-1)?.path === path && way.steps.at(-1)?.kind === 'directory'
    return [
      {
        says: `What stands at ${path} is not the socket that ${fpm.service} listens on; a start replaces it, a reload does not.`,
        clears: { diagnosis: 'socket-stale', subject: poolSubject(subjectAt(fpm, address)) },
        obstacle: isFolder ? `${path} is a directory, which FPM cannot replace` : null,
      },
    ]
  })
  return [...gone, ...covered]
}

function subjectAt({ pools, service }: UnitService, address: string): string {
  return pools.find(({ listen }) => listen === address)?.subject ?? service
}
