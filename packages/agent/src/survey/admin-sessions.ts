/** Reads who was at work as root when a service went down: only where one is down, from the journal of its last hours. */
import type { Read, ReadHost } from '../host/host.ts'
import { readAdminSessions, type AdminSession } from '../readings/admin-journal.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import { answerOf } from './answer-of.ts'
import type { FpmFacts } from './host-facts.ts'

/** Whoever came in before this is not taken for having done it. */
const longestSessionMs = 12 * 3_600_000

export async function adminSessions(
  host: ReadHost,
  fpm: readonly FpmFacts[],
  nginx: UnitProperties | null,
): Promise<Read<readonly AdminSession[]>> {
  const ends = [...fpm.map(endOf), nginx?.activeState === 'inactive' ? nginx.inactiveEnterMs : null]
  const known = ends.filter((ms) => ms !== null)
  if (known.length === 0) return { ok: true, value: [] }
  const sinceMs = Math.min(...known) - longestSessionMs
  const answer = await answerOf(host, { tool: 'admin-journal', sinceMs })
  return answer.ok ? { ok: true, value: readAdminSessions(answer.value) } : answer
}

/** A unit that nothing holds loaded forgets when it ended; its journal does not. */
function endOf({ unit, mask, journal }: FpmFacts): number | null {
  if (mask) return mask.madeAtMs
  if (unit?.activeState !== 'inactive') return null
  const stopped = journal.ok
    ? journal.value.findLast(({ identifier, message }) => identifier === 'systemd' && message.startsWith('Stopping '))
    : undefined
  return unit.inactiveEnterMs ?? stopped?.atMs ?? null
}
