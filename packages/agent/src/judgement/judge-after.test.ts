import type { Finding, HostDiagnosis, Role, SiteProbe } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { judgeAfter, type Before } from './judge-after.ts'

const subject = { kind: 'pool', name: 'php8.2-fpm/www' } as const
const probe = (passed: boolean, site = 'shop.example'): SiteProbe => ({
  site,
  over: 'http',
  passed,
  says: passed ? '200' : '502',
  tookMs: 1,
})
const overFastCgi = (site: string, passed: boolean): SiteProbe => ({
  ...probe(passed, site),
  over: 'fastcgi',
  upstream: 'unix:/run/php/php8.2-fpm.sock',
})
const finding = (diagnosis: string, role: Role = 'cause'): Finding => ({
  diagnosis,
  role,
  subject,
  says: `${diagnosis}!`,
  evidence: [],
  remediations: [],
})
const clears = (role: Role | null) => [{ diagnosis: 'pool-exhausted', subject, role }]

interface Case {
  readonly what: string
  readonly before: Partial<Before>
  readonly after: Partial<HostDiagnosis>
  readonly is: string
}

test.each<Case>([
  {
    what: 'clear, and all probes pass',
    before: { probes: [probe(false)] },
    after: { probes: [probe(true)] },
    is: 'better',
  },
  {
    what: 'the finding is still there',
    before: {},
    after: { findings: [finding('pool-exhausted')] },
    is: 'not-cleared',
  },
  {
    what: 'it is there only as a consequence',
    before: {},
    after: { findings: [finding('pool-exhausted', 'consequence')] },
    is: 'not-cleared',
  },
  {
    what: 'a probe that passed fails now',
    before: { probes: [probe(true)] },
    after: { probes: [probe(false)] },
    is: 'worse',
  },
  {
    what: 'nginx tells of sites again, so that they are asked in the place of the pool',
    before: { probes: [overFastCgi('php8.2-fpm/www', true)] },
    after: { probes: [probe(true), overFastCgi('shop.example', true)] },
    is: 'better',
  },
  {
    what: 'no site of nginx hands on to the pool that was asked while there were none',
    before: { probes: [overFastCgi('php8.2-fpm/www', true)] },
    after: { probes: [probe(true)] },
    is: 'better',
  },
  {
    what: 'the site answers, and an address that visitors are not sent to is as dead as it was',
    before: { clears: clears('cause'), probes: [probe(false), overFastCgi('shop.example', false)] },
    after: { probes: [probe(true), overFastCgi('shop.example', false)] },
    is: 'still-failing',
  },
  {
    what: 'an address that answered before is dead, though the site answers',
    before: { clears: clears('cause'), probes: [probe(false), overFastCgi('shop.example', true)] },
    after: { probes: [probe(true), overFastCgi('shop.example', false)] },
    is: 'worse',
  },
  {
    what: 'the pool does not answer its sites, though it answered itself',
    before: { probes: [overFastCgi('php8.2-fpm/www', true)] },
    after: { probes: [probe(true), overFastCgi('shop.example', false)] },
    is: 'worse',
  },
  {
    what: 'the pool cannot be asked any more, nor any site',
    before: { probes: [overFastCgi('php8.2-fpm/www', true)] },
    after: { probes: [] },
    is: 'worse',
  },
  {
    what: 'a probe that passed cannot be made any more',
    before: { probes: [probe(true)] },
    after: { probes: [] },
    is: 'worse',
  },
  {
    what: 'another site still fails, and a cause is known',
    before: { probes: [probe(false)] },
    after: { probes: [probe(false)], findings: [finding('fpm-stopped')] },
    is: 'still-failing',
  },
  {
    what: 'the site still fails and nothing explains it',
    before: { probes: [probe(false)] },
    after: { probes: [probe(false)] },
    is: 'not-cleared',
  },
  {
    what: 'it still fails, but only a risk was to be cleared',
    before: { probes: [probe(false)], clears: clears('risk') },
    after: { probes: [probe(false)] },
    is: 'still-failing',
  },
  {
    what: 'it still fails, and nothing was to be cleared',
    before: { probes: [probe(false)], clears: [] },
    after: { probes: [probe(false)] },
    is: 'still-failing',
  },
  {
    what: 'a reading is missing that was there before',
    before: {},
    after: { couldNotTell: [{ what: 'the log', why: 'gone' }] },
    is: 'unknown',
  },
  {
    what: 'a reading is missing that was missing before',
    before: { couldNotTell: [{ what: 'the log', why: 'denied' }] },
    after: { couldNotTell: [{ what: 'the log', why: 'gone' }] },
    is: 'better',
  },
  {
    what: 'the same diagnosis holds for another pool',
    before: {},
    after: { findings: [{ ...finding('pool-exhausted', 'risk'), subject: { kind: 'pool', name: 'php8.2-fpm/api' } }] },
    is: 'better',
  },
])('$what: $is', ({ before, after, is }) => {
  const judged = judgeAfter(
    { probes: [], couldNotTell: [], clears: clears('cause'), ...before },
    { host: 'web-7', outcome: 'diagnosed', probes: [], findings: [], couldNotTell: [], tookMs: 1, ...after },
  )
  expect(judged.is).toBe(is)
})

const overNew = { ...overFastCgi('shop.example', true), upstream: 'unix:/run/php/new.sock' }
const returning: Before['mayReturn'] = {
  findings: [],
  probes: [
    { site: 'shop.example', over: 'http', before: 'failed' },
    { site: 'shop.example', over: 'fastcgi', upstream: overNew.upstream, before: 'not-asked' },
  ],
  visitorsFailed: true,
}

test.each<Case>([
  {
    what: 'what failed before it fails again',
    before: { probes: [probe(true)] },
    after: { probes: [probe(false)], findings: [finding('pool-exhausted')] },
    is: 'still-failing',
  },
  {
    what: 'an address is asked no more that was not asked before it',
    before: { probes: [probe(true), overNew] },
    after: { probes: [probe(true)] },
    is: 'better',
  },
  {
    what: 'that address is asked all the same, and fails',
    before: { probes: [overNew] },
    after: { probes: [{ ...overNew, passed: false }] },
    is: 'worse',
  },
  {
    what: 'another site fails',
    before: { probes: [probe(true), probe(true, 'blog.example')] },
    after: { probes: [probe(false), probe(false, 'blog.example')] },
    is: 'worse',
  },
])('something is taken back, and $what: $is', ({ before, after, is }) => {
  const diagnosis = { host: 'web-1', outcome: 'diagnosed', findings: [], couldNotTell: [], tookMs: 1 } as const
  expect(
    judgeAfter({ probes: [], couldNotTell: [], clears: [], mayReturn: returning, ...before }, {
      ...diagnosis,
      probes: [],
      ...after,
    } as HostDiagnosis).is,
  ).toBe(is)
})
