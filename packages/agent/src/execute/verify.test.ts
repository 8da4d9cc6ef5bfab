import type { Finding, HostDiagnosis, SiteProbe } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import type { Baseline } from '../state/journal-entry.ts'
import { samplePlan, type SamplePlan } from '../state/sample-plan.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { sampleFacts } from '../survey/sample-facts.ts'
import { samplePhpLocation, sampleSite } from '../survey/sample-sites.ts'
import { discretion } from './discretion.ts'
import type { Executor } from './executor.ts'
import { hostOf } from './simulated-host.ts'
import { simulatedWorld } from './simulated-world.ts'
import { verify } from './verify.ts'

const nowMs = Date.parse('2026-11-21T03:10:00.000Z')
const logPath = '/var/log/nginx/access.log'
const subject = { kind: 'pool', name: 'php8.2-fpm/www' } as const
const finding: Finding = {
  diagnosis: 'pool-exhausted',
  role: 'cause',
  subject,
  says: 'All 5 workers are busy.',
  evidence: [],
  remediations: [],
}
const probe = (passed: boolean): SiteProbe => ({
  site: 'shop.example',
  over: 'http',
  passed,
  says: passed ? '200' : '502',
  tookMs: 1,
})
const baseline: Baseline = {
  probes: [probe(true)],
  couldNotTell: [],
  clears: [{ diagnosis: 'pool-exhausted', subject, role: 'cause' }],
  services: [],
  traffic: { requests: 1000, serverErrors: 100 },
}

interface Moment {
  readonly probes?: readonly SiteProbe[]
  readonly findings?: readonly Finding[]
  /** Answered since the last look: how many 200 and how many 502. */
  readonly served?: readonly [ok: number, failed: number]
  /** 502 unless it says otherwise. */
  readonly failedWith?: number
}

/** A host that is watched for a minute; `at` says how it is after so many seconds. */
async function watched(
  at: (seconds: number) => Moment,
  {
    watchMs = 60_000,
    against = baseline,
    facts = sampleFacts(),
    procNetTcp = '',
    more = {},
  }: { watchMs?: number; against?: Baseline; facts?: HostFacts; procNetTcp?: string; more?: SamplePlan } = {},
) {
  const world = simulatedWorld(nowMs)
  const host = hostOf(world)
  world.files.set('/proc/net/tcp', { ...world.files.get(logPath)!, bytes: Buffer.from(procNetTcp) })
  const since = () => (world.fpm.nowMs - nowMs) / 1000
  const sleeping = {
    ...host,
    async sleep(ms: number) {
      await host.sleep(ms)
      const { served: [ok, failed] = [0, 0], failedWith = 502 } = at(since())
      const line = (status: number) =>
        `192.0.2.1 - - [21/Nov/2026:03:10:01 +0000] "GET / HTTP/1.1" ${status} 12 "-" "curl"\n`
      const file = world.files.get(logPath)!
      world.files.set(logPath, {
        ...file,
        bytes: Buffer.concat([file.bytes, Buffer.from(line(200).repeat(ok) + line(failedWith).repeat(failed))]),
      })
    },
  }
  let looks = 0
  const executor: Executor = {
    host: sleeping,
    state: {} as Executor['state'],
    self: { pid: 1, startTicks: 1 },
    discretion: discretion(sleeping),
    look: async () => ((looks += 1), facts),
    diagnose: (): HostDiagnosis => ({
      host: 'web-7',
      outcome: 'diagnosed',
      couldNotTell: [],
      tookMs: 1,
      probes: [...(at(since()).probes ?? [probe(true)])],
      findings: [...(at(since()).findings ?? [])],
    }),
  }
  const { record } = samplePlan(Buffer.alloc(32), {
    clears: [{ diagnosis: 'pool-exhausted', subject }],
    acts: [{ act: 'reload-fpm', service: 'php8.2-fpm', deadlineMs: 1000 }],
    watchMs,
    ...more,
  })
  const verified = await verify(executor, { plan: record.plan, baseline: against, atMs: nowMs }, async () => undefined)
  return { ...verified, looks, tookS: since() }
}

describe('a host that was acted on', () => {
  test('is fixed when it is clear, probes pass and visitors fare no worse', async () => {
    expect(await watched(() => ({ served: [10, 0] }))).toMatchObject({
      outcome: 'fixed',
      verdict: { cleared: true, watch: { requests: 600, serverErrors: 0, serverErrorShareBefore: 0.1 } },
    })
  })

  test('is given a moment for its queue to drain', async () => {
    expect(await watched((s) => (s < 12 ? { findings: [finding] } : {}))).toMatchObject({ outcome: 'fixed' })
  })

  test('is not cleared when the finding stays', async () => {
    expect(await watched(() => ({ findings: [finding] }))).toMatchObject({
      outcome: 'not-cleared',
      verdict: { cleared: false, watch: null, remaining: [finding] },
    })
  })

  test('is worse as soon as visitors get more errors, before the time is over', async () => {
    const { outcome, verdict, tookS } = await watched((s) => (s > 5 ? { served: [5, 5] } : { served: [10, 0] }))
    expect(outcome).toBe('worse')
    expect(verdict.says).toContain('Visitors get more errors than before')
    expect(tookS).toBeLessThan(30)
  })

  test('is not worse when it fails as often as it did', async () => {
    expect(await watched(() => ({ served: [9, 1] }))).toMatchObject({ outcome: 'fixed' })
  })

  test('is not condemned by visitors who came before and were given up on now', async () => {
    const late = () => ({ served: [9, 3], failedWith: 504 }) as const
    const against = { ...baseline, traffic: { requests: 1000, serverErrors: 0 } }
    expect(await watched(late, { against })).toMatchObject({
      outcome: 'fixed',
      verdict: { watch: { requests: 540, serverErrors: 0 } },
    })
    // Where nginx waits for less than a second, they came after.
    const impatient = samplePhpLocation({ connectTimeout: { text: '900ms', at: null } })
    const facts = sampleFacts({ sites: [sampleSite({ phpLocations: [impatient] })] })
    expect(await watched(late, { against, facts })).toMatchObject({ outcome: 'worse' })
  })

  test('is not condemned by those whose connections a full queue had dropped, but by whoever comes after them', async () => {
    const overTcp = samplePhpLocation({ passes: [{ named: 'tcp:127.0.0.1:9000', address: 'tcp:127.0.0.1:9000' }] })
    const facts = sampleFacts({ sites: [sampleSite({ phpLocations: [overTcp] })] })
    const against = { ...baseline, traffic: { requests: 1000, serverErrors: 0 } }
    const dropped = (count: number) =>
      Array.from({ length: count }, (_, i) => `   ${i}: 0100007F:D${100 + i} 0100007F:2328 01 0:0 \n`).join('')
    const fails = (s: number): Moment => ({ served: s === 3 ? [20, 6] : [9, 0] })
    expect(await watched(fails, { against, facts, procNetTcp: dropped(6) })).toMatchObject({
      outcome: 'fixed',
      verdict: { watch: { serverErrors: 6 } },
    })
    expect(await watched(fails, { against, facts, procNetTcp: dropped(3) })).toMatchObject({ outcome: 'worse' })
    expect(await watched(fails, { against, procNetTcp: dropped(6) })).toMatchObject({ outcome: 'worse' })
  })

  test('is not condemned for one bad moment', async () => {
    expect(await watched((s) => (s === 11 ? { probes: [probe(false)] } : {}))).toMatchObject({ outcome: 'fixed' })
  })

  test('is worse when a probe that passed before fails during the watch', async () => {
    expect(await watched((s) => (s > 15 ? { probes: [probe(false)] } : {}))).toMatchObject({
      outcome: 'worse',
      verdict: { probesAfter: [probe(false)] },
    })
  })

  test('is not fixed when the finding comes back at the end', async () => {
    expect(await watched((s) => (s > 55 ? { findings: [finding] } : {}))).toMatchObject({ outcome: 'not-cleared' })
  })

  test('is inconclusive without traffic and without a site that could be asked', async () => {
    const quiet = { ...baseline, probes: [] }
    expect(await watched(() => ({ probes: [] }), { against: quiet })).toMatchObject({
      outcome: 'inconclusive',
      verdict: { cleared: true },
    })
  })

  test('is fixed without a site to ask when enough visitors were served', async () => {
    const quiet = { ...baseline, probes: [] }
    expect(await watched(() => ({ probes: [], served: [1, 0] }), { against: quiet })).toMatchObject({
      outcome: 'fixed',
    })
  })

  test("still fails, for a reason that is not this plan's", async () => {
    const failing = { ...baseline, probes: [probe(false)] }
    const other: Finding = { ...finding, diagnosis: 'fpm-stopped', subject: { kind: 'service', name: 'php7.4-fpm' } }
    expect(await watched(() => ({ probes: [probe(false)], findings: [other] }), { against: failing })).toMatchObject({
      outcome: 'cleared-still-failing',
      verdict: { remaining: [other] },
    })
  })

  test('is not looked at more often than it needs', async () => {
    expect((await watched(() => ({}))).looks).toBeLessThanOrEqual(8)
  })

  test('is judged at once when no watching was asked for', async () => {
    expect(await watched(() => ({}), { watchMs: 0 })).toMatchObject({
      outcome: 'fixed',
      tookS: 0,
      looks: 1,
      verdict: { watch: null },
    })
  })
})

describe('a host on which something was taken back', () => {
  const takenBack = (visitorsFailed: boolean): SamplePlan => ({
    clears: [],
    mayReturn: { findings: [], probes: [{ site: 'shop.example', over: 'http', before: 'failed' }], visitorsFailed },
  })
  const errors = (s: number): Moment => (s > 5 ? { served: [0, 10] } : { served: [10, 0] })
  const against = { ...baseline, clears: [] }

  test('fails as it did before, which visitors notice: it stays so, and says it', async () => {
    const fails = (s: number): Moment => ({ ...errors(s), probes: [probe(false)], findings: [finding] })
    expect(await watched(fails, { against, more: takenBack(true) })).toMatchObject({
      outcome: 'cleared-still-failing',
      tookS: 60,
      verdict: {
        says: 'Undone, and these fail, as was to be expected: shop.example: 502.',
        watch: { serverErrors: 550 },
      },
    })
  })

  test('is worse for visitors where none had failed before', async () => {
    expect(await watched(errors, { against, more: takenBack(false) })).toMatchObject({ outcome: 'worse' })
  })

  test('is worse where another site fails', async () => {
    const blog = { ...probe(true), site: 'blog.example' }
    const two = { ...against, probes: [probe(true), blog] }
    const fails = () => ({ probes: [probe(false), { ...blog, passed: false }] })
    expect(await watched(fails, { against: two, more: takenBack(true) })).toMatchObject({ outcome: 'worse' })
  })
})
