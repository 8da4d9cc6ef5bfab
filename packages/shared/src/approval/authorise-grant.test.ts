import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import {
  ana,
  anasSecond,
  ask,
  ben,
  grant,
  grantBy,
  plan,
  refusal,
  stranger,
  type Asked,
} from '../../test/sample-approval.ts'
import type { Plan } from '../model/plan.ts'
import { RemoteAuthority } from './authority.ts'
import { APPROVAL_NAMESPACE } from './namespaces.ts'

const planOf = (...remediations: Plan['remediations']) => ({ ...plan, remediations }) as unknown as Plan
const remedy = (id: string, input: Plan['remediations'][number]['input'] = {}) => ({
  id,
  input,
  because: '',
  arithmetic: [],
})
const askGranted = (change: Asked = {}) => ask({ authority: grantBy([ana]), ...change })

test('lets what it names be done without a person, and says whose it is', () => {
  expect(askGranted()).toEqual({ ok: true, summary: { kind: 'grant', by: ['ana'], grant: grant.id } })
  expect(askGranted({ authority: grantBy([ana], { hosts: { fleet: 'fleet-1' } }) }).ok).toBe(true)
  expect(askGranted({ authority: z.parse(RemoteAuthority, JSON.parse(JSON.stringify(grantBy([ana])))) }).ok).toBe(true)
})

test('needs as many people as the plan would', () => {
  const policy = { ordinary: 2 }
  expect(refusal(askGranted({ policy }))[0]).toBe('approval-too-few')
  expect(refusal(askGranted({ policy, authority: grantBy([ana, anasSecond]) }))[0]).toBe('approval-too-few')
  expect(askGranted({ policy, authority: grantBy([ana, ben]) }).ok).toBe(true)
})

test.each<{ name: string; change: Asked; code: string }>([
  { name: 'used up', change: { grantUses: 2 }, code: 'grant-used-up' },
  { name: 'before its time', change: { nowMs: Date.parse(grant.notBefore) - 1 }, code: 'grant-not-yet' },
  { name: 'after its time', change: { nowMs: Date.parse(grant.notAfter) }, code: 'grant-expired' },
  { name: 'another host', change: { host: 'web-1' }, code: 'grant-not-for-this-host' },
  {
    name: 'another fleet',
    change: { authority: grantBy([ana], { hosts: { fleet: 'fleet-2' } }) },
    code: 'grant-not-for-this-host',
  },
  {
    name: 'a fleet, on a host of none',
    change: { authority: grantBy([ana], { hosts: { fleet: 'fleet-1' } }), fleet: null },
    code: 'grant-not-for-this-host',
  },
  { name: 'another remediation', change: { plan: planOf(remedy('restart-fpm')) }, code: 'grant-not-for-this-plan' },
  {
    name: 'one more remediation',
    change: { plan: planOf(remedy('reload-fpm'), remedy('restart-fpm')) },
    code: 'grant-not-for-this-plan',
  },
  { name: 'no remediation', change: { plan: planOf() }, code: 'grant-not-for-this-plan' },
  {
    name: 'another pool',
    change: { plan: planOf(remedy('tune-pool', { pool: 'php8.2-fpm/shop' })) },
    code: 'grant-out-of-bounds',
  },
  {
    name: 'a number above its bound',
    change: { plan: planOf(remedy('tune-pool', { maxChildren: 41 })) },
    code: 'grant-out-of-bounds',
  },
  {
    name: 'a word where a number is bound',
    change: { plan: planOf(remedy('tune-pool', { maxChildren: '20' })) },
    code: 'grant-out-of-bounds',
  },
  {
    name: 'a host that would be watched for less',
    change: { plan: { ...planOf(remedy('reload-fpm')), watchMs: 59_999 } },
    code: 'grant-out-of-bounds',
  },
  {
    name: 'an input that it does not name',
    change: { plan: planOf(remedy('reload-fpm', { startStopped: true })) },
    code: 'grant-out-of-bounds',
  },
  {
    name: 'an input that every object has',
    change: { plan: planOf(remedy('reload-fpm', { constructor: 'x' })) },
    code: 'grant-out-of-bounds',
  },
  { name: 'a policy without grants', change: { policy: { grants: false } }, code: 'grant-forbidden' },
  { name: 'a stranger', change: { authority: grantBy([stranger]) }, code: 'approver-unknown' },
  {
    name: 'signed as an approval',
    change: { authority: grantBy([ana], {}, APPROVAL_NAMESPACE) },
    code: 'signature-misused',
  },
  {
    name: 'changed after it was signed',
    change: { authority: { ...grantBy([ana]), grant: { ...grant, perHour: 60 } } },
    code: 'signature-invalid',
  },
])('is refused: $name', ({ change, code }) => {
  expect(refusal(askGranted(change))[0]).toBe(code)
})

test.each([
  { perHour: 0 },
  { perHour: 61 },
  { remediations: [] },
  { remediations: ['*'] },
  { inputs: { pool: {} } },
  { inputs: { pool: { oneOf: [] } } },
  { inputs: { maxChildren: { atMost: 5 } } },
  { hosts: { named: [] } },
  { hosts: {} },
  { notBefore: grant.notAfter },
  { id: 'g-1' },
])('%o is none', (change) => {
  expect(z.safeParse(RemoteAuthority, { ...grantBy([ana]), grant: { ...grant, ...change } }).success).toBe(false)
})
