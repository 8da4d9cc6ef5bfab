import { expect, test } from 'vitest'
import type { ProcessFacts } from '../host/host.ts'
import { fakeNowMs, fakeReadHost } from './fake-read-host.ts'
import { sampleProcess } from './sample-web-host.ts'
import { titledProcesses } from './titled-processes.ts'

const command = '/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf'
const titled = 'php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)'
const units = [{ mainPid: 100 }]

/** Its master has these titles, one after the other. */
function host(...titles: readonly string[]) {
  const now = (title: string): readonly ProcessFacts[] => [sampleProcess(100, 1, title), sampleProcess(7, 1, command)]
  const left = titles.map(now)
  const last = now(titles.at(-1) ?? '')
  return { ...fakeReadHost({}), processes: async () => ({ ok: true, value: left.shift() ?? last }) as const }
}

test('a master that a reload executes anew is waited for until it is one again', async () => {
  const reloading = host(command, command, titled)
  const processes = await titledProcesses(reloading, await reloading.processes(), units)
  expect(processes.ok && processes.value[0]?.title).toBe(titled)
  expect(reloading.nowMs() - fakeNowMs).toBe(50)
})

test.each([titled, 'nginx: master process nginx', '/opt/wrapper/start php-fpm'])(
  '%s is not waited for',
  async (title) => {
    const settled = host(title)
    await titledProcesses(settled, await settled.processes(), units)
    expect(settled.nowMs()).toBe(fakeNowMs)
  },
)

test('one that never becomes a master is not waited for longer than a second', async () => {
  const stuck = host('php-fpm8.2')
  const processes = await titledProcesses(stuck, await stuck.processes(), units)
  expect(processes.ok && processes.value[0]?.title).toBe('php-fpm8.2')
  expect(stuck.nowMs() - fakeNowMs).toBe(1000)
})
