/** FPM does not find the scripts that nginx asks it for: 404. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { answeredByFpm } from '../../judgement/answered-by-fpm.ts'
import { poolDirective } from '../../judgement/pool-directive.ts'
import { locationsOf } from '../../judgement/recent-failures.ts'
import { scriptFix } from '../../judgement/script-fix.ts'
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
      ...whatToDo(service, pool, locations),
    }
  })
}

function whatToDo(
  service: FpmFacts,
  pool: PoolFacts,
  locations: readonly PhpLocationFacts[],
): Pick<Finding, 'remediations' | 'withoutRemediation'> {
  const fixes = locations.map((location) => scriptFix(service, pool, location))
  const unsure = fixes.flatMap((fix) => (fix.kind === 'unsure' ? [fix.toDo] : []))
  if (unsure.length === 0 && fixes.some(({ kind }) => kind === 'fix'))
    return { remediations: [{ id: 'fix-script-filename', input: { pool: pool.subject } }] }
  if (unsure.length > 0) return { remediations: [], withoutRemediation: [...new Set(unsure)].join(' ') }
  const user = poolDirective(service, pool, 'user')?.value ?? 'USER'
  const folder = locations.flatMap(({ scriptFolder }) => scriptFolder?.path ?? [])[0] ?? 'the folder of the site'
  return {
    remediations: [],
    withoutRemediation:
      `See whether the user of the pool may read the file: \`runuser -u ${user} -- stat ${folder}/index.php\`` +
      ' (each folder on the way needs x: `namei -l FILE`), and whether the page above is there at all.',
  }
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
