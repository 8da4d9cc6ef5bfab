import { expect, test } from 'vitest'
import { plannedView } from './planned-view.ts'
import { hostOf } from './simulated-host.ts'
import { simulatedWorld } from './simulated-world.ts'

const folder = '/etc/php/8.2/fpm/pool.d'
const host = hostOf(simulatedWorld(Date.parse('2026-11-21T03:10:00.000Z')))
const view = plannedView(
  host,
  new Map([
    [`${folder}/www.conf`, null],
    [`${folder}/api.conf`, Buffer.from('[api]\n')],
    ['/etc/php/8.2/fpm/php-fpm.conf', Buffer.from('[global]\n')],
    ['/etc/new/x.conf', Buffer.from('')],
  ]),
)
const text = async (path: string) => {
  const read = await view.readFile(path)
  return read.ok ? Buffer.from(read.value).toString() : read.why
}

test("planned files stand in for live ones, and the others are the host's own", async () => {
  expect(await text(`${folder}/api.conf`)).toBe('[api]\n')
  expect(await text(`${folder}/www.conf`)).toBe('missing')
  expect(await text('/etc/php/8.2/fpm/php-fpm.conf')).toBe('[global]\n')
  expect(await text('/etc/group')).toContain('www-data')
})

test('a directory lists what it would hold', async () => {
  expect(await view.list(folder)).toEqual({ ok: true, value: ['api.conf'] })
  expect(await view.list('/etc/new')).toEqual({ ok: true, value: ['x.conf'] })
})

test('a file that would be gone is gone, and one that would be there has its new size', async () => {
  expect(await view.stat(`${folder}/www.conf`)).toMatchObject({ ok: false, why: 'missing' })
  expect(await view.stat(`${folder}/api.conf`)).toMatchObject({ ok: true, value: { kind: 'file', sizeBytes: 6 } })
  expect(await view.stat('/etc/php/8.2/fpm/php-fpm.conf')).toMatchObject({
    ok: true,
    value: { sizeBytes: 9, mode: 0o644 },
  })
})

test('everything else is asked of the host, and without a plan there is only the host', async () => {
  expect(await view.processes()).toEqual(await host.processes())
  expect(plannedView(host, new Map())).toBe(host)
})
