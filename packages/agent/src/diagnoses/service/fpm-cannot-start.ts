/** PHP-FPM is down because something it needs to start is missing or taken. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { startSteps } from '../../judgement/by-hand.ts'
import { pidFileEvidence } from '../../judgement/down-story.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { startObstacle, type StartObstacle } from '../../judgement/start-obstacle.ts'
import { forPeople } from '../../readings/bytes.ts'
import { readFpmTitle } from '../../readings/proc.ts'
import type { HolderFacts } from '../../survey/address-facts.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { changedConfig } from '../changed-config.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmCannotStart = defineDiagnosis({
  id: 'fpm-cannot-start',
  title: 'PHP-FPM cannot start',
  role: 'cause',
  meaning:
    'Every line of the configuration is well-formed, but something outside of it is missing or taken: the directory of a ' +
    'socket, a log or the pid file, a user, an address, space below /run, the file of opcache.preload, a process it may ' +
    'not fork. `php-fpm -t` sees only some of these, because it binds no socket and writes no pid file. An ' +
    'address may be taken by what PHP itself left behind: before 8.4, a process that a script started keeps the listener, ' +
    'and requests hang in a queue that nobody empties.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const found = holdersOf(facts, service)
  const obstacle = startObstacle(service) ?? takenAddress(service, found)
  if (!obstacle || !isInUse(facts, service)) return []
  const holders = obstacle.isTaken ? found : []
  const change = changedConfig(service.service, service.lastGood)
  const whose = holders.length === 0 ? '' : `: ${holders.map(nameOf).join(', ')}`
  return [
    {
      diagnosis: 'fpm-cannot-start',
      role: 'cause',
      subject: { kind: 'service', name: service.service },
      says: `${service.service} is down and cannot start: ${obstacle.says}${whose}${change.says}.`,
      evidence: [
        ...obstacle.evidence,
        ...change.evidence,
        ...holders.map(holderEvidence),
        ...siteEvidence(facts, service.pools),
      ],
      remediations: change.remediations,
      withoutRemediation: `${obstacle.steps} Then start it: ${startSteps(service)}.`,
    },
  ]
}

/** Where no unit was told to start it, nobody has met the obstacle yet. Workers without a master are what is left of itself. */
function takenAddress(service: FpmFacts, holders: readonly HolderFacts[]): StartObstacle | null {
  const [holder] = holders.filter(({ title }) => readFpmTitle(title) === null)
  if (service.unit || service.master || !holder) return null
  const address = holder.address.slice(holder.address.indexOf(':') + 1)
  return {
    says: `another process listens on ${address}`,
    steps: `End it if it should not hold ${address} (\`kill ${holder.pid}\`).`,
    isTaken: true,
    evidence: service.pidFile ? [pidFileEvidence(service.pidFile)] : [],
  }
}

/** Who listens where a pool of the service would, as `ss` tells; each process once. */
function holdersOf(facts: HostFacts, service: FpmFacts): readonly HolderFacts[] {
  const meant = facts.nginx.upstreams.filter(({ address }) => service.pools.some(({ listen }) => listen === address))
  const all = meant.flatMap(({ holders }) => holders ?? [])
  return all.filter(({ pid }, index) => all.findIndex((other) => other.pid === pid) === index)
}

function nameOf({ comm, pid }: HolderFacts): string {
  return `${forPeople(comm)} (${pid})`
}

function holderEvidence(holder: HolderFacts): Evidence {
  return {
    source: 'ss -lxp and ss -ltnp',
    says: `${nameOf(holder)}, \`${forPeople(holder.title)}\`, listens on ${holder.address}`,
  }
}
