/** A pool has no status page, so that some things about it can only be guessed. */
import { hasNoStatusPage, poolsWithout } from '../../judgement/pools-without.ts'
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
      remediations: subjects.map((pool) => ({ id: 'enable-status-page', input: { pool } })),
    })),
})
