import { expect, test } from 'vitest'
import type { Act, Change, PlannedRemediation } from '../model/plan.ts'
import type { RiskClass } from '../model/policy.ts'
import { riskClass } from './risk-class.ts'

const service = 'php8.2-fpm'
const reload: Act = { act: 'reload-fpm', service, deadlineMs: 20_000 }
const setting = (what: 'enabled' | 'masked' | 'masked-runtime', before: boolean): Change => ({
  of: 'unit-setting',
  service,
  setting: what,
  before,
  after: !before,
})

const asked = (startStopped: boolean): PlannedRemediation => ({
  id: 'start-service',
  input: { service, startStopped },
  because: '',
  arithmetic: [],
})

interface Planned {
  readonly acts?: readonly Act[]
  readonly changes?: readonly Change[]
  readonly remediations?: readonly PlannedRemediation[]
}

test.each<Planned & { what: string; is: RiskClass }>([
  { what: 'nothing', is: 'ordinary' },
  { what: 'a reload of FPM', acts: [reload], is: 'ordinary' },
  { what: 'a reload of nginx', acts: [{ act: 'reload-nginx', service: 'nginx' }], is: 'ordinary' },
  { what: 'unit files read again', acts: [{ act: 'daemon-reload' }], is: 'ordinary' },
  { what: 'a failed state cleared', acts: [{ act: 'reset-failed', service }], is: 'ordinary' },
  { what: 'a service enabled', changes: [setting('enabled', false)], is: 'ordinary' },
  { what: 'a service disabled', changes: [setting('enabled', true)], is: 'ordinary' },
  { what: 'a service masked', changes: [setting('masked', false)], is: 'ordinary' },
  { what: 'a service unmasked', changes: [setting('masked', true)], is: 'restarts' },
  { what: 'a service unmasked until the next boot', changes: [setting('masked-runtime', true)], is: 'restarts' },
  { what: 'a start', acts: [{ act: 'start', service }], is: 'ordinary' },
  {
    what: 'a start of what nobody stopped',
    acts: [{ act: 'start', service }],
    remediations: [asked(false)],
    is: 'ordinary',
  },
  {
    what: 'a start of what a person stopped',
    acts: [{ act: 'start', service }],
    remediations: [asked(true)],
    is: 'restarts',
  },
  { what: 'a word for a start that is not needed', acts: [reload], remediations: [asked(true)], is: 'ordinary' },
  { what: 'a restart', acts: [{ act: 'restart', service }], is: 'restarts' },
  {
    what: 'a restart among much else',
    acts: [{ act: 'daemon-reload' }, { act: 'restart', service }, reload],
    is: 'restarts',
  },
])('$what is of the class $is', ({ acts = [], changes = [], remediations = [], is }) => {
  const plan = { acts: [...acts], changes: [...changes], remediations: [...remediations] }
  expect(riskClass(plan)).toBe(is)
})
