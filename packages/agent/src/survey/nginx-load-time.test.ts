import { expect, test } from 'vitest'
import { fakeNowMs, fakeReadHost } from './fake-read-host.ts'
import { nginxLoadedAtMs } from './nginx-load-time.ts'
import { nginxMaster, sampleProcess } from './sample-web-host.ts'

const worker = (pid: number, startTicks: number, title = 'nginx: worker process') => ({
  ...sampleProcess(pid, nginxMaster.pid, title, 33),
  startTicks,
})
const host = fakeReadHost({ tree: { '/proc/uptime': '1000.00 1900.00\n' } })

test('the oldest worker that is not shutting down', async () => {
  const workers = [worker(60, 90_500), worker(61, 90_000), worker(52, 100, 'nginx: worker process is shutting down')]
  expect(await nginxLoadedAtMs(host, nginxMaster, workers)).toBe(fakeNowMs - 100_000)
})

test('without a worker of this master, or without the uptime, it is not known', async () => {
  expect(await nginxLoadedAtMs(host, nginxMaster, [{ ...worker(60, 100), parentPid: 7 }])).toBe(null)
  expect(await nginxLoadedAtMs(fakeReadHost(), nginxMaster, [worker(60, 100)])).toBe(null)
})
