/** Requests that FPM ended in the last minutes, because they took longer than request_terminate_timeout. */
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { isTogether, recentEntries } from './recent-failures.ts'

export type Termination = FpmLogEntry & { readonly event: 'terminated-by-timeout' }

const sigterm = 15
/** nginx holds a connection open without a request on it (`keepalive`): ended, too, and nobody loses anything. */
const withoutRequest = /, script '' \(request: " "\) execution timed out/

/** A line that says so and, of the same worker, one that it ended by that signal: one of them alone can be anything. */
export function terminations(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Termination[] {
  const entries = recentEntries(facts, service, pool)
  return entries.filter(
    (entry): entry is Termination =>
      entry.event === 'terminated-by-timeout' &&
      !withoutRequest.test(entry.text) &&
      entries.some(
        (other) =>
          other.event === 'child-signalled' &&
          other.signal === sigterm &&
          other.pid === entry.pid &&
          isTogether(other, entry),
      ),
  )
}
