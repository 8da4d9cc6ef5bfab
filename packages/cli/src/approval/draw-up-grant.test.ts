import type { OfferedRemediation } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { drawUpGrant, type GrantWords } from './draw-up-grant.ts'

const nowMs = Date.parse('2026-11-21T03:15:00.000Z')
const offered = (id: string, properties: Readonly<Record<string, object>>): OfferedRemediation => ({
  id,
  title: id,
  meaning: '',
  input: { type: 'object', properties },
})
const catalogue = [
  offered('tune-pool', { pool: { type: 'string' }, maxChildren: { type: 'integer' } }),
  offered('start-service', { service: { type: 'string' }, startStopped: { type: 'boolean', default: false } }),
]
const words: GrantWords = {
  do: ['tune-pool'],
  host: ['web-1'],
  perHour: 2,
  watch: 60,
  days: 7,
  reason: 'the night runbook',
}

function drawn(change: Partial<GrantWords>, fleet: string | null = null) {
  const grant = drawUpGrant({ ...words, ...change }, catalogue, fleet, nowMs)
  return grant.ok ? grant.grant : grant.problem
}

test('values, bounds of numbers, and what may be anything', () => {
  const input = ['pool=php8.2-fpm/www', 'pool=php8.2-fpm/shop']
  expect(drawn({ input, between: ['maxChildren=5..40'] })).toMatchObject({
    remediations: ['tune-pool'],
    inputs: {
      pool: { oneOf: ['php8.2-fpm/www', 'php8.2-fpm/shop'] },
      maxChildren: { atLeast: 5, atMost: 40 },
    },
    hosts: { named: ['web-1'] },
    perHour: 2,
    watchAtLeastMs: 60_000,
    notBefore: '2026-11-21T03:10:00.000Z',
    notAfter: '2026-11-28T03:15:00.000Z',
  })
  expect(drawn({ any: ['pool'], input: ['maxChildren=8'] }, 'a fleet')).toMatchObject({
    inputs: { pool: { any: true }, maxChildren: { oneOf: [8] } },
    hosts: { fleet: 'a fleet' },
  })
})

test('an input that has a default is granted as that, unless it is said otherwise', () => {
  const starting = { do: ['start-service'], any: ['service'] }
  expect(drawn(starting)).toMatchObject({ inputs: { startStopped: { oneOf: [false] } } })
  expect(drawn({ ...starting, input: ['startStopped=true'] })).toMatchObject({
    inputs: { startStopped: { oneOf: [true] } },
  })
})

test.each<{ change: Partial<GrantWords>; says: string }>([
  { change: { do: ['tune-pol'] }, says: 'No connected host offers "tune-pol"' },
  { change: { input: ['pool'] }, says: '"pool" is not of the form name=value.' },
  { change: { between: ['maxChildren=5-40'] }, says: '"maxChildren=5-40" is not of the form name=5..40.' },
  { change: { input: ['pool=a'], any: ['pool'] }, says: 'pool has two bounds.' },
  { change: { input: ['pol=a'] }, says: 'None of these remediations takes an input "pol".' },
  { change: { host: ['../web'] }, says: 'This is no grant' },
  { change: { reason: 'a\u0000b' }, says: 'This is no grant' },
])('$change is refused', ({ change, says }) => {
  expect(drawn(change)).toMatchObject({ detail: expect.stringContaining(says) })
})
