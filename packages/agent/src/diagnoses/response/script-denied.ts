/** FPM refuses to run the scripts that nginx asks it for: 403. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { answeredByFpm } from '../../judgement/answered-by-fpm.ts'
import { reloadSteps } from '../../judgement/by-hand.ts'
import { poolDirective } from '../../judgement/pool-directive.ts'
import { poolFile } from '../../judgement/pool-file.ts'
import type { FpmFacts, HostFacts, PoolFacts, SiteFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const scriptDenied = defineDiagnosis({
  id: 'script-denied',
  title: 'FPM refuses the scripts it is asked for',
  role: 'cause',
  meaning:
    'The file is there, but its name does not end as security.limit_extensions of the pool allows (.php and .phar when it ' +
    'is not set), SCRIPT_FILENAME names a folder, or the user of the pool may not read it. Visitors get 403 "Access ' +
    'denied.". The limit keeps uploaded files from being run as programs: extend it, never empty it.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  const limit = poolDirective(service, pool, 'security.limit_extensions')
  const setting: Evidence = limit
    ? { source: `${limit.path}:${limit.line}`, says: `security.limit_extensions = ${limit.value}` }
    : { source: service.configPath, says: 'security.limit_extensions is not set, so .php and .phar are allowed' }
  return answeredByFpm(facts, service, pool, { kind: 'script-denied', status: 403 }).map(({ site, evidence }) => ({
    diagnosis: 'script-denied',
    role: 'cause',
    subject: { kind: 'pool', name: pool.subject },
    says: `${pool.subject} refuses to run the scripts of ${site.serverName} (403).`,
    evidence: [...evidence, setting],
    remediations: [],
    withoutRemediation:
      `Where scripts rightly end otherwise, set \`security.limit_extensions = ${limit?.value.includes('.php') ? limit.value : '.php .phar'}\` and that ending ` +
      `in ${poolFile(service, pool)}, then ${reloadSteps(service)}; never empty it. Where they end in .php, see that the user of ` +
      `the pool may read them: \`runuser -u ${poolDirective(service, pool, 'user')?.value ?? 'www-data'} -- ls -l ${folderOf(site)}\`, and that SCRIPT_FILENAME names a file, not a folder.`,
  }))
}

function folderOf({ phpLocations }: SiteFacts): string {
  return (
    phpLocations.flatMap(({ scriptFolder, documentRoot }) => scriptFolder?.path ?? documentRoot?.path ?? [])[0] ??
    '/var/www'
  )
}
