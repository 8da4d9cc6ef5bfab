import { expect, test } from 'vitest'
import type { ReadHost } from '../host/host.ts'
import { fakeReadHost } from './fake-read-host.ts'
import { sampleTargets } from './sample-targets.ts'
import { sampleWebHost } from './sample-web-host.ts'

/** The same host, and every path that it was asked for. */
function watched(host: ReadHost): { readonly host: ReadHost; readonly asked: readonly string[] } {
  const asked: string[] = []
  const note = (argument: unknown) => typeof argument === 'string' && asked.push(argument)
  const handler: ProxyHandler<ReadHost> = {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver)
      if (typeof member !== 'function') return member
      return (...args: readonly unknown[]): unknown => {
        for (const argument of args) note(argument)
        return Reflect.apply(member, target, args)
      }
    },
  }
  return { host: new Proxy(host, handler), asked }
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
