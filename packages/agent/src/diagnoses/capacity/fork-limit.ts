/** PHP-FPM may not start any more processes. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { isSystemdsToSet, nextTasks, usualTasks } from '../../judgement/limits.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { localTimeMs } from '../../readings/log-time.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const recentMs = 2 * 60_000

export const forkLimit = defineDiagnosis({
  id: 'fork-limit',
  title: 'PHP-FPM may not start more processes',
  role: 'cause',
  meaning:
    'The unit, or something above it, limits how many processes there may be (TasksMax), and forking fails: "fork() ' +
    'failed: Resource temporarily unavailable (11)". The pool stays smaller than it is told to be, and requests wait. At a ' +
    'start it is worse: FPM then says "exiting, bye-bye!" and ends as if all were well.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  if (!service.log.ok || !isInUse(facts, service)) return []
  const { path, entries } = service.log.value
  const since = Math.max(facts.takenAtMs - recentMs, service.loadedAtMs ?? 0)
  const failures = entries.filter(
    ({ level, text, localTime }) =>
      level === 'ERROR' &&
      text === 'fork() failed: Resource temporarily unavailable (11)' &&
      localTimeMs(localTime) >= since,
  )
  const newest = failures.at(-1)
  if (!newest) return []
  const processes = facts.capacity.fpm.get(service.service)?.processes
  // There is room by now: the limit was raised.
  if (processes && service.master && processes.now < processes.limit) return []
  const limit = processes ? `more than ${processes.limit} processes` : 'any more processes'
  return [
    {
      diagnosis: 'fork-limit',
      role: 'cause',
      subject: { kind: 'service', name: service.service },
      says: `${service.service} may not start ${limit}, so its pools stay too small.`,
      evidence: [
        { source: path, says: `${failures.length} × ${newest.text}`, at: instantOf(localTimeMs(newest.localTime)) },
        ...(processes
          ? [{ source: `${processes.path}/pids.max`, says: `${processes.now} processes of ${processes.limit}` }]
          : []),
        ...poolEvidence(service),
        ...siteEvidence(facts, service.pools),
      ],
      ...(nextTasks(facts, service) !== null && isSystemdsToSet(facts, service)
        ? { remediations: [{ id: 'raise-limits', input: { service: service.service, limit: 'processes' } }] }
        : { remediations: [], withoutRemediation: stepsFor(service, processes?.limit ?? null) }),
    },
  ]
}

function stepsFor({ service }: FpmFacts, limit: number | null): string {
  return (
    `\`systemctl set-property ${service} TasksMax=${usualTasks}\` holds at once and restarts nothing. Where ` +
    `${limit === null ? 'forking still fails' : `the limit stays at ${limit}`}, it is set above the unit: \`systemctl show -p TasksMax system.slice\`, ` +
    '`sysctl kernel.pid_max`, or, in a container, by who runs it (--pids-limit).'
  )
}

function poolEvidence({ pools }: FpmFacts): readonly Evidence[] {
  return pools
    .filter(({ maxChildren, workers }) => maxChildren !== null && workers.length < maxChildren)
    .map(({ name, workers, maxChildren }) => ({
      source: `processes "php-fpm: pool ${name}"`,
      says: `${workers.length} workers, pm.max_children = ${maxChildren}`,
    }))
}
