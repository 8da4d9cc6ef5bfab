/**
 * The size that is proposed, proved under a real memory limit: it holds at full load, and half as much again does not; and
 * it ends the 502s of a pool that is too small, under the load that caused them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApplyDocument, DiagnosisDocument, PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openLab, type Lab } from '../lab/lab.ts'
import { until } from '../lab/until.ts'
import { hostOf, restartFpm, setFpm, untilServing, type Host } from './faults/host-kit.ts'
import { limitService, memoryPeakBytes } from './faults/service-limit.ts'

const limitMiB = 512
const reserveMiB = 64
/** What each request takes for itself. */
const requestMiB = 40

describe.skipIf(await hostsAreImpossible())('a pool under a memory limit', () => {
  let lab: Lab
  let host: Host
  beforeAll(async () => {
    lab = await openLab()
    host = hostOf(await lab.boot({ name: 'sizing' }), 'debian12')
    await host.installAgent()
    await setFpm(host, host.pool, 'pm', 'static')
    await resize(2)
    await limitService(host, host.unit, 'memory', limitMiB * 1024 ** 2)
    await untilServing(host)
  })
  afterAll(() => lab?.[Symbol.asyncDispose]())

  /** By a reload: a restart would leave the limit, which is set from outside. */
  async function resize(workers: number): Promise<void> {
    await setFpm(host, host.pool, 'pm.max_children', String(workers))
    await host.must(['systemctl', 'reload', host.unit])
    await until(async () => (await pids()).length === workers, `${workers} workers`)
  }
  async function pids(): Promise<readonly string[]> {
    return (await host.run(['pgrep', '-f', '^php-fpm: pool www'])).stdout.split('\n').filter(Boolean)
  }
  /** As many at once as there are workers, each holding its memory until all have it. */
  async function fullLoad(workers: number): Promise<{ readonly answered: number; readonly killed: number }> {
    const before = await kills()
    const asked = Array.from({ length: workers }, () => host.curl(`/hog.php?mib=${requestMiB}&s=3`))
    const answers = await Promise.all(asked)
    const answered = answers.filter((answer) => answer.kind === 'answered' && answer.status === 200).length
    return { answered, killed: (await kills()) - before }
  }
  async function kills(): Promise<number> {
    return (await host.readFile(`/var/log/${host.unit}.log`)).match(/exited on signal 9/g)?.length ?? 0
  }
  /** What memory holds, in the words of a plan that asks for more than anybody has. */
  async function proposed(): Promise<{ readonly workers: number; readonly workerMiB: number }> {
    const pool = `${host.unit}/www`
    const input = ['--input', `pool=${pool}`, '--input', `reserveMiB=${reserveMiB}`]
    const ran = await host.agent('plan', 'tune-pool', ...input, '--input', 'maxChildren=9000', '--json')
    const [{ because } = { because: '' }] = (JSON.parse(ran.stdout) as PlanDocument).without
    const [, workers, workerMiB] = /memory holds only (\d+) at (\d+) MiB each/.exec(because) ?? []
    if (workers === undefined) throw new Error(`${because}\n${ran.stderr}`)
    return { workers: Number(workers), workerMiB: Number(workerMiB) }
  }
  /** The guides' formulas: memory by what an idle worker has resident, and memory by memory_limit. */
  async function guides(): Promise<{ readonly byResident: number; readonly byLimit: number }> {
    const resident = await Promise.all((await pids()).map((pid) => host.must(['ps', '-o', 'rss=', '-p', pid])))
    const meanMiB = resident.reduce((sum, text) => sum + Number(text), 0) / resident.length / 1024
    return { byResident: Math.floor(limitMiB / meanMiB), byLimit: Math.floor(limitMiB / 128) }
  }

  test('the proposed size survives full load; one and a half times it does not', async () => {
    // Every worker has had its biggest request: what it costs is known only afterwards.
    for (let round = 0; round < 3; round++) await fullLoad(2)
    const { workers, workerMiB } = await proposed()
    const { byResident, byLimit } = await guides()
    await resize(workers)
    const full = await fullLoad(workers)
    const tooMany = Math.ceil(workers * 1.5)
    await resize(tooMany)
    const over = await fullLoad(tooMany)
    process.stderr.write(
      `${limitMiB} MiB, ${requestMiB} MiB a request: proposed ${workers} workers (${workerMiB} MiB each), ${full.killed} killed; ` +
        `${tooMany} workers, ${over.killed} killed. By resident size ${byResident}, by memory_limit ${byLimit}.\n`,
    )
    expect(full).toEqual({ answered: workers, killed: 0 })
    expect(over.killed).toBeGreaterThan(0)
    // Both rules of thumb miss it: one would be killed at full load, the other leaves half of the memory unused.
    expect(byResident).toBeGreaterThan(tooMany)
    expect(byLimit).toBeLessThan(workers)
  })

  test('tune-pool ends the 502s of an exhausted pool under the same load, within its memory', async () => {
    await setFpm(host, host.pool, 'pm.max_children', '2')
    await setFpm(host, host.pool, 'listen.backlog', '8')
    await restartFpm(host)
    await limitService(host, host.unit, 'memory', limitMiB * 1024 ** 2)
    const killed = await kills()
    // Two workers do at most four of these in a second, and four do eight.
    await using load = host.load({ path: `/hog.php?mib=${requestMiB}&s=0.5`, perSecond: 5, forMs: 120_000 })
    await until(() => (load.report().outcomes['502'] ?? 0) > 5, '502s')
    expect(await causes()).toContain('pool-exhausted')

    const input = ['--input', `pool=${host.unit}/www`, '--input', `reserveMiB=${reserveMiB}`]
    const planned = await host.agent('plan', 'tune-pool', ...input, '--watch', '0', '--json')
    const { plans } = JSON.parse(planned.stdout) as PlanDocument
    const applied = await host.agent('apply', plans[0]!.digest, '--json')
    expect((JSON.parse(applied.stdout) as ApplyDocument).applies).toMatchObject([{ outcome: 'fixed' }])
    // What had queued up is answered first.
    await sleep(2000)
    const lost = load.report().lost
    await sleep(3000)
    const after = load.report()
    const peakMiB = Math.round((await memoryPeakBytes(host, host.unit)) / 1024 ** 2)
    const workers = (await pids()).length
    process.stderr.write(
      `2 → ${workers} workers under load: ${lost} of ${after.sent} requests lost until then, ${after.lost - lost} after; peak ${peakMiB} MiB.\n`,
    )
    expect(after.lost - lost).toBe(0)
    expect(after.bySecond.slice(-4, -1).every(({ good }) => good > 0)).toBe(true)
    expect(await kills()).toBe(killed)
    expect(peakMiB).toBeGreaterThan(3 * requestMiB)
    expect(peakMiB).toBeLessThan(limitMiB)
    expect(await causes()).not.toContain('pool-exhausted')
  })

  async function causes(): Promise<readonly string[]> {
    const { hosts } = JSON.parse((await host.agent('diagnose', '--json')).stdout) as DiagnosisDocument
    return hosts[0]?.findings.filter(({ role }) => role === 'cause').map(({ diagnosis }) => diagnosis) ?? []
  }
})
