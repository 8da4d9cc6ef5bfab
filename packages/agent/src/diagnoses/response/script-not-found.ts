/** FPM does not find the scripts that nginx asks it for: 404. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { answeredByFpm } from '../../judgement/answered-by-fpm.ts'
import { locationsOf } from '../../judgement/recent-failures.ts'
import type { FpmFacts, HostFacts, PhpLocationFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const scriptNotFound = defineDiagnosis({
  id: 'script-not-found',
  title: 'FPM does not find the scripts it is asked for',
  role: 'cause',
  meaning:
    'nginx tells FPM which file to run (SCRIPT_FILENAME), and there is none of that name where FPM looks: the root is ' +
    'wrong, a deployment moved it, the pool has its own chroot or container, or its user may not enter a folder on the ' +
    'way. Visitors get 404 "File not found.", never 502, and nginx logs "Primary script unknown".',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  return answeredByFpm(facts, service, pool, { kind: 'script-unknown', status: 404 }).map(({ site, evidence }) => {
    const locations = locationsOf(facts, pool).filter((location) => site.phpLocations.includes(location))
    const gone = locations.find(({ scriptFolder }) => scriptFolder?.exists === false)?.scriptFolder
    return {
      diagnosis: 'script-not-found',
      role: 'cause',
      subject: { kind: 'pool', name: pool.subject },
      says: `${pool.subject} does not find the scripts of ${site.serverName}${gone ? `: ${gone.path} is not there` : ''}.`,
      evidence: [...evidence, ...locations.slice(0, 3).flatMap(whereEvidence)],
      remediations: [],
      withoutRemediation: gone
        ? `Bring ${gone.path} back, or correct root or SCRIPT_FILENAME at the place above, see that \`nginx -t\` passes, and reload nginx.`
        : 'See what SCRIPT_FILENAME comes to for the page above, and that the user of the pool can read that file: ' +
          `\`sudo -u USER stat FILE\`, within chroot of ${pool.subject} where it has one.`,
    }
  })
}

function whereEvidence({ at, scriptFilename, scriptFolder }: PhpLocationFacts): readonly Evidence[] {
  const where = scriptFolder
    ? `, which is below ${scriptFolder.path}${scriptFolder.exists === false ? ': no such folder' : ''}`
    : ''
  return [
    scriptFilename
      ? { source: scriptFilename.at ?? at, says: `SCRIPT_FILENAME is ${scriptFilename.text}${where}` }
      : { source: at, says: 'SCRIPT_FILENAME is not set, so FPM knows no script' },
  ]
}
