/** A pool keeps no slow log, so that nobody will know what its slow requests were doing. */
import { keepsNoSlowLog, poolsWithout } from '../../judgement/pools-without.ts'
import { defineDiagnosis } from '../define.ts'

export const slowlogOff = defineDiagnosis({
  id: 'slowlog-off',
  title: 'The slow log is off',
  role: 'note',
  meaning:
    'With request_slowlog_timeout and slowlog, FPM writes down in which PHP function a request was when it had taken too ' +
    'long. Without, a pool that is out of workers shows that requests are slow, but not why. It costs nothing until a ' +
    'request is slow.',
  judge: (facts) =>
    poolsWithout(facts, keepsNoSlowLog).map(({ service, pools, subjects, evidenceOf }) => ({
      diagnosis: 'slowlog-off',
      role: 'note',
      subject: { kind: 'service', name: service },
      says: `${service} keeps no slow log for ${pools}.`,
      evidence: evidenceOf('request_slowlog_timeout is 0'),
      remediations: subjects.map((pool) => ({ id: 'enable-slowlog', input: { pool } })),
    })),
})
