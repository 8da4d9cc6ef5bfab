/** Workers of a pool end as soon as they begin, and FPM starts others for ever. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { poolDirective } from '../../judgement/pool-directive.ts'
import { newestEvidence, recentEntries } from '../../judgement/recent-failures.ts'
import { reaches, sitesOf } from '../../judgement/same-address.ts'
import { restartSteps } from '../../judgement/by-hand.ts'
import { poolFile } from '../../judgement/pool-file.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import type { FpmLogEntry } from '../../readings/fpm-log.ts'
import { fpmInteger } from '../../readings/fpm-values.ts'
import { localTimeMs } from '../../readings/log-time.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

type Exit = FpmLogEntry & { readonly event: 'child-exited' }

/** Shorter than any request is worth starting a worker for. */
const shortLifeSeconds = 1
/** So many within the last half minute are a loop; FPM makes about a thousand in a second. */
const loopExits = 10
const loopMs = 30_000
/** A worker that has opened its log, its socket and opcache needs about this many descriptors. */
const fewestFiles = 32

export const workersCannotRun = defineDiagnosis({
  id: 'workers-cannot-run',
  title: 'Workers end as soon as they begin',
  role: 'cause',
  meaning:
    'Each new worker of the pool meets something it cannot run without, a folder that is gone (exit code 70) or too few ' +
    'file descriptors (exit code 0), and ends within milliseconds; FPM starts the next. Nobody serves the socket, so ' +
    'requests hang until nginx answers 504, while the master burns a processor and floods its log.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  const reasons = reasonsOf(service, pool)
  const exits = shortLives(facts, service, pool).filter(
    // A worker that has done its pm.max_requests ends with 0, too, and may have been quick.
    ({ code }) => code !== 0 || reasons.length > 0 || !recyclesWorkers(service, pool),
  )
  if (exits.length < loopExits || !service.log.ok) return []
  const stuck = stuckEvidence(facts, pool)
  const isUsed = sitesOf(facts, [pool]).length > 0
  if (stuck.length === 0 && isUsed) return []
  const codes = [...new Set(exits.map(({ code }) => code))].toSorted((a, b) => a - b)
  const why = reasons[0] ? `: ${reasons[0].says}` : ''
  return [
    {
      diagnosis: 'workers-cannot-run',
      role: stuck.length > 0 ? 'cause' : 'risk',
      subject: { kind: 'pool', name: pool.subject },
      says: `Every worker of ${pool.subject} ends with exit code ${codes.join(' or ')} as soon as it begins${why}.`,
      evidence: [
        newestEvidence(
          service.log.value.path,
          `${exits.length} workers ended within a second of their start, with exit code ${codes.join(' or ')}`,
          exits,
        ),
        ...reasons,
        ...stuck,
        ...siteEvidence(facts, [pool]),
      ],
      ...(isOfFiles(service, pool)
        ? { remediations: [{ id: 'raise-limits', input: { service: service.service, limit: 'files' } }] }
        : { remediations: [], withoutRemediation: stepsFor(service, pool) }),
    },
  ]
}

function shortLives(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Exit[] {
  const since = facts.takenAtMs - loopMs
  return recentEntries(facts, service, pool).filter(
    (entry): entry is Exit =>
      entry.event === 'child-exited' && entry.afterSeconds < shortLifeSeconds && localTimeMs(entry.localTime) >= since,
  )
}

/** That nobody takes requests from the pool's socket now: asked just now, or by the kernel's queue. */
function stuckEvidence(facts: HostFacts, pool: PoolFacts): readonly Evidence[] {
  const { listen, queue } = pool
  const asked = sitesOf(facts, [pool])
    .flatMap(({ probes }) => probes)
    .find(
      ({ over, passed, upstream }) =>
        over === 'fastcgi' && !passed && listen !== null && upstream !== undefined && isSame(upstream, listen),
    )
  const waiting = queue.ok ? Math.min(...queue.value.waiting) : 0
  return [
    ...(asked
      ? [{ source: 'FastCGI request as nginx makes it', says: asked.says, at: instantOf(facts.takenAtMs) }]
      : []),
    ...(queue.ok && waiting > 0
      ? [
          {
            source: `ss -lxn and -ltn, ${listen ?? ''}`,
            says: `waiting in ${queue.value.waiting.length} looks: ${queue.value.waiting.join(', ')}`,
          },
        ]
      : []),
  ]
}

function isSame(upstream: string, listen: NonNullable<PoolFacts['listen']>): boolean {
  return (upstream.startsWith('unix:') || upstream.startsWith('tcp:')) && reaches(upstream as typeof listen, listen)
}

function recyclesWorkers(service: FpmFacts, pool: PoolFacts): boolean {
  const most = poolDirective(service, pool, 'pm.max_requests')
  return most !== undefined && (fpmInteger(most.value) ?? 0) > 0
}

function reasonsOf(service: FpmFacts, pool: PoolFacts): readonly Evidence[] {
  const gone = pool.workingFolders
    .filter(({ exists }) => exists === false)
    .map(({ at, directive, path }) => ({ source: at, says: `${directive} = ${path}, which is not there` }))
  const files = poolDirective(service, pool, 'rlimit_files')
  const most = files ? (fpmInteger(files.value) ?? 0) : 0
  return files && most > 0 && most < fewestFiles
    ? [...gone, { source: `${files.path}:${files.line}`, says: `rlimit_files = ${files.value}, too few for a worker` }]
    : gone
}

/** And nothing but that: a folder that is gone takes a person. */
function isOfFiles(service: FpmFacts, pool: PoolFacts): boolean {
  return reasonsOf(service, pool).length > 0 && pool.workingFolders.every(({ exists }) => exists !== false)
}

function stepsFor(service: FpmFacts, pool: PoolFacts): string {
  const gone = pool.workingFolders.find(({ exists }) => exists === false)
  const shorten = service.log.ok
    ? `Shorten its log, which the loop has filled: \`truncate -s 0 ${service.log.value.path}\`.`
    : ''
  if (gone)
    return (
      `Bring ${gone.path} back (\`findmnt -T ${gone.path}\` shows whether a mount is missing there), or change ${gone.directive} at ` +
      `${gone.at}, then ${restartSteps(service)}. ${shorten}`
    )
  return (
    `Set \`catch_workers_output = yes\` in ${poolFile(service, pool)} for a moment, then ${restartSteps(service)}, and read in its ` +
    `log what the workers say before they end: a folder, a user, a limit or an extension that is not there. ${shorten}`
  )
}
