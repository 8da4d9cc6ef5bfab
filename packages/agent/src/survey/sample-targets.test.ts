import { expect, test } from 'vitest'
import { aroundEach } from '../host/around-each.ts'
import type { ReadHost } from '../host/host.ts'
import { fakeReadHost } from './fake-read-host.ts'
import { sampleTargets } from './sample-targets.ts'
import { sampleWebHost } from './sample-web-host.ts'

/** The same host, and every path that it was asked for. */
function watched(host: ReadHost): { readonly host: ReadHost; readonly asked: readonly string[] } {
  const asked: string[] = []
  const noting = aroundEach(host, (ask, _name, args) => {
    asked.push(...args.filter((argument) => typeof argument === 'string'))
    return ask()
  })
  return { host: noting, asked }
}

test('pools where they listen, and logs by the names of their sites; no log is opened to find out', async () => {
  const { host, asked } = watched(fakeReadHost(sampleWebHost))
  const { services, accessLogs } = await sampleTargets(host)
  expect(services.map(({ service, pools }) => [service, pools.map(({ subject }) => subject)])).toEqual([
    ['php8.2-fpm', ['php8.2-fpm/www']],
  ])
  expect([...accessLogs.values()]).toContain('shop.example')
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.filter((path) => path.startsWith('/var/log/'))).toEqual([])
})
