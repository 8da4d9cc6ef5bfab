/** Workers of a pool die of signals that only a fault in their own program raises. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { enoughToBlame, newestEvidence, recentEntries, resetsBeside, times } from '../../judgement/recent-failures.ts'
import { sitesOf } from '../../judgement/same-address.ts'
import { restartSteps } from '../../judgement/by-hand.ts'
import { poolFile } from '../../judgement/pool-file.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import type { FpmLogEntry } from '../../readings/fpm-log.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

type Crash = FpmLogEntry & { readonly event: 'child-signalled' }

/** SIGKILL and SIGTERM come from outside; these a process earns itself: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. */
const ownFaults: ReadonlySet<number> = new Set([4, 6, 7, 8, 11, 31])

export const workerCrashing = defineDiagnosis({
  id: 'worker-crashing',
  title: 'PHP crashes while it answers',
  role: 'cause',
  meaning:
    'A worker that crashes (signal 11, 7 or 6) takes its request with it: nginx answers 502 "(104: Connection reset by ' +
    'peer)". FPM starts another worker at once, so that only some requests fail, and the same page does it again. The ' +
    'fault is in PHP or an extension, never in a limit: raising timeouts or memory does not help.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  const crashes = recentEntries(facts, service, pool).filter(isCrash)
  if (crashes.length === 0 || !service.log.ok) return []
  const resets = resetsBeside(facts, service, pool, crashes)
  const probes = siteEvidence(facts, [pool])
  // Where another host's nginx asks, its log is not here to confirm it.
  const isFelt = resets.count > 0 || probes.length > 0 || sitesOf(facts, [pool]).length === 0
  const evidence: Evidence[] = [
    newestEvidence(
      service.log.value.path,
      `${times(crashes.length, 'worker')} of the last minutes ${signalsOf(crashes)}`,
      crashes,
    ),
    ...resets.evidence,
    ...probes,
  ]
  return [
    {
      diagnosis: 'worker-crashing',
      role: isFelt && crashes.length >= enoughToBlame ? 'cause' : 'note',
      subject: { kind: 'pool', name: pool.subject },
      says: `${times(crashes.length, 'worker')} of ${pool.subject} crashed in the last minutes: ${signalsOf(crashes)}.`,
      evidence,
      remediations: [],
      withoutRemediation:
        `Find what crashes: the page above, then where: \`coredumpctl info ${service.binary}\` (none kept: \`rlimit_core = unlimited\` in ` +
        `${poolFile(service, pool)}). Undo what was changed last in PHP, its extensions or the application (\`grep -h php /var/log/dpkg.log ` +
        `/var/log/dnf.log 2>/dev/null | tail\`); \`php_admin_value[opcache.jit] = off\` first, then single extensions of \`${service.binary} -m\`, with ${restartSteps(service)} each time, show which one it is.`,
    },
  ]
}

function isCrash(entry: FpmLogEntry): entry is Crash {
  return entry.event === 'child-signalled' && ownFaults.has(entry.signal)
}

/** `exited on signal 11 (SIGSEGV) 3 times, on signal 6 (SIGABRT) once` */
function signalsOf(crashes: readonly Crash[]): string {
  const bySignal = [...Map.groupBy(crashes, ({ signal, name }) => `${signal} (${name})`)]
  const counted = bySignal.map(
    ([signal, each]) => `on signal ${signal} ${each.length === 1 ? 'once' : `${each.length} times`}`,
  )
  return `ended ${counted.join(', ')}`
}
