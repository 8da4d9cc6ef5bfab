import { expect, test } from 'vitest'
import { fakeReadHost } from './fake-read-host.ts'
import { probePools } from './probe-pools.ts'
import { sampleConfig, sampleDownFpm, sampleFpm, samplePool } from './sample-facts.ts'
import { answered } from './sample-web-host.ts'

const image = sampleFpm({
  service: 'php-fpm',
  unit: null,
  pools: [samplePool({ subject: 'php-fpm/www', listen: 'tcp:[::]:9000' })],
})
const answering = { 'tcp:127.0.0.1:9000': answered('File not found.\n', 404) } as const

test('a pool is asked at its own address, a bare port by the loopback', async () => {
  expect(await probePools(fakeReadHost({ fastcgi: answering }), [image])).toMatchObject([
    { site: 'php-fpm/www', over: 'fastcgi', passed: true, upstream: 'tcp:127.0.0.1:9000' },
  ])
})

test('one that does not answer fails', async () => {
  const busy = { 'tcp:127.0.0.1:9000': { kind: 'timed-out', connectMs: 1, tookMs: 5000 } } as const
  expect(await probePools(fakeReadHost({ fastcgi: busy }), [image])).toMatchObject([{ passed: false }])
})

test.each([
  { is: 'is off and was not killed', service: sampleDownFpm({ unitFileState: 'disabled' }) },
  {
    is: 'takes requests from its nginx alone',
    service: {
      ...image,
      config: { ok: true, value: sampleConfig({ pool: '[www]\nlisten = 9000\nlisten.allowed_clients = 192.0.2.7\n' }) },
    } as const,
  },
])('one that $is is not asked', async ({ service }) => {
  const host = fakeReadHost({ fastcgi: answering })
  expect(await probePools(host, [service])).toEqual([])
  expect(host.fastcgiRequests).toEqual([])
})
