/** PHP-FPM is down because something it needs to start is missing or taken. */
import type { Finding } from '@fleetmend/shared'
import { isInUse } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { startObstacle } from '../../judgement/start-obstacle.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmCannotStart = defineDiagnosis({
  id: 'fpm-cannot-start',
  title: 'PHP-FPM cannot start',
  role: 'cause',
  meaning:
    'Every line of the configuration is well-formed, but something outside of it is missing or taken: the directory of a ' +
    'socket, a log or the pid file, a user, an address, space below /run, the file of opcache.preload, a process it may ' +
    'not fork. `php-fpm -t` sees only some of these, because it binds no socket and writes no pid file.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const obstacle = startObstacle(service)
  if (!obstacle || !isInUse(facts, service)) return []
  return [
    {
      diagnosis: 'fpm-cannot-start',
      role: 'cause',
      subject: { kind: 'service', name: service.service },
      says: `${service.service} is down and cannot start: ${obstacle.says}.`,
      evidence: [...obstacle.evidence, ...siteEvidence(facts, service.pools)],
      remediations: [],
      withoutRemediation:
        `${obstacle.steps} Then run \`fleetmend-agent plan start-service --input service=${service.service}\`, ` +
        `or \`systemctl reset-failed ${service.service} && systemctl start ${service.service}\`.`,
    },
  ]
}
