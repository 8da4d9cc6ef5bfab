/** A pool has no status page, so that some things about it can only be guessed. */
import { hasNoStatusPage, poolsWithout } from '../../judgement/pools-without.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const statusPageOff = defineDiagnosis({
  id: 'status-page-off',
  title: 'The status page is off',
  role: 'note',
  meaning:
    'Without pm.status_path nobody can ask FPM how many workers are busy, since when, and with what. Fleetmend reads the ' +
    "kernel's queue and /proc instead, so that nothing here rests on it; sizes are surer with it. With pm.status_listen it " +
    'answers even when all workers are busy.',
  judge: (facts) =>
    poolsWithout(facts, hasNoStatusPage).map(({ service, pools, subjects, evidenceOf }) => ({
      diagnosis: 'status-page-off',
      role: 'note',
      subject: { kind: 'service', name: service },
      says: `${service} has no status page for ${pools}.`,
      evidence: evidenceOf('pm.status_path is not set'),
      ...(isBeforeOwnAddress(facts, service)
        ? { remediations: [], withoutRemediation: onPoolsOwnAddress(service) }
        : { remediations: subjects.map((pool) => ({ id: 'enable-status-page', input: { pool } })) }),
    })),
})

/** pm.status_listen came with PHP 8.0. */
function isBeforeOwnAddress({ fpm }: HostFacts, service: string): boolean {
  return fpm.find((each) => each.service === service)?.phpVersion?.startsWith('7.') === true
}

function onPoolsOwnAddress(service: string): string {
  return (
    'Set `pm.status_path = /fpm-status` in the pool, and see that nginx hands that path to PHP for nobody but 127.0.0.1; then ' +
    `\`fleetmend-agent plan reload-fpm --input service=${service}\`.`
  )
}
