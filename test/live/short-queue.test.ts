/**
 * A queue of one over TCP: whoever finds no room comes back after a second, and the queue is empty for moments meanwhile.
 * Every look at it names the cause, and the plan for it heals the host.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApplyDocument, DiagnosisDocument, PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openLab, type Lab } from '../lab/lab.ts'
import { until } from '../lab/until.ts'
import { customers, edit, hostOf, reloadNginx, restartFpm, setFpm, site, type Host } from './faults/host-kit.ts'

const looks = 3

describe.skipIf(await hostsAreImpossible())('a queue that is too short to be seen full', () => {
  let lab: Lab
  let host: Host
  let visitors: AsyncDisposable
  beforeAll(async () => {
    lab = await openLab()
    host = hostOf(await lab.boot({ name: 'queue' }), 'debian12')
    await host.installAgent()
    await setFpm(host, host.pool, 'listen', '127.0.0.1:9000')
    await setFpm(host, host.pool, 'pm', 'static')
    await setFpm(host, host.pool, 'pm.max_children', '5')
    await setFpm(host, host.pool, 'listen.backlog', '1')
    await restartFpm(host)
    await edit(host, site, `unix:${host.socket}`, '127.0.0.1:9000')
    await reloadNginx(host)
    visitors = await customers(host, { path: '/sleep.php?s=1.2', perSecond: 6 }, 6000)
  })
  afterAll(async () => {
    await visitors?.[Symbol.asyncDispose]()
    await lab?.[Symbol.asyncDispose]()
  })

  async function causes(): Promise<readonly string[]> {
    const { hosts } = JSON.parse((await host.agent('diagnose', '--json')).stdout) as DiagnosisDocument
    const findings = hosts.flatMap((each) => each.findings)
    return findings.filter(({ role }) => role === 'cause').map(({ diagnosis }) => diagnosis)
  }

  test(`in each of ${looks} looks a cause is named, and in most that workers are missing`, async () => {
    const seen: string[] = []
    for (let look = 0; look < looks; look++) {
      seen.push((await causes()).join(' '))
      await sleep(150)
    }
    expect(seen.filter((each) => each !== 'pool-exhausted' && each !== 'backlog-full')).toEqual([])
    expect(seen.filter((each) => each === 'pool-exhausted').length).toBeGreaterThan(looks / 2)
  })

  test('what is planned for it has room for all', async () => {
    const planned = await host.agent('plan', '--for-findings', '--watch', '5', '--json')
    const [plan] = (JSON.parse(planned.stdout) as PlanDocument).plans
    const applied = await host.agent('apply', plan?.digest ?? '', '--json')
    const [apply] = (JSON.parse(applied.stdout) as ApplyDocument).applies
    expect(apply?.outcome).toBe('fixed')
    await until(async () => (await causes()).length === 0, 'no cause any more')
  })
})
