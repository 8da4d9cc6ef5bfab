import { expect, test } from 'vitest'
import type { MayReturn, Plan } from '../model/plan.ts'
import { paintFor } from './paint.ts'
import { planBody } from './plan-text.ts'

const plan = (mayReturn: MayReturn): Plan => ({
  ...{ format: 'fleetmend.plan/1', host: 'web-1', nonce: '0'.repeat(32), watchMs: 60_000 },
  ...{ madeAt: '2026-11-21T03:00:00.000Z', expiresAt: '2026-11-21T04:00:00.000Z' },
  ...{ remediations: [], clears: [], checks: [], changes: [], acts: [], disturbs: [], warnings: [] },
  basis: { exact: [], guards: [] },
  mayReturn,
})
const afterwards = (mayReturn: MayReturn) => planBody(plan(mayReturn), [], paintFor(false, {})).split('Afterwards\n')[1]
const http = (site: string) => ({ site, over: 'http', before: 'failed' }) as const

test('whoever approves an undo reads what may fail after it, and what may not', () => {
  const upstream = 'unix:/run/php/new.sock'
  const probes = [http('shop.example'), { ...http('shop.example'), over: 'fastcgi', upstream } as const]
  expect(afterwards({ findings: [], probes, visitorsFailed: true })).toBe(
    `    the host is looked at again: what failed before may fail again (shop.example, shop.example over ${upstream}), ` +
      'no other probe may that passes now; it is watched for 60 s, where 5xx answers are told and put nothing back; ' +
      'if it is worse than that, it is put back\n',
  )
})

test('where nothing had failed, nothing may', () => {
  const fresh = { ...http('shop.example'), before: 'not-asked' } as const
  expect(afterwards({ findings: [], probes: [fresh], visitorsFailed: false })).toContain(
    'no probe may fail that passes now; it is watched for 60 s; if',
  )
})

test('many sites are named in part', () => {
  const probes = Array.from({ length: 40 }, (_, n) => http(`shop-${n}.example`))
  expect(afterwards({ findings: [], probes, visitorsFailed: true })).toContain('shop-4.example and 35 more)')
})
