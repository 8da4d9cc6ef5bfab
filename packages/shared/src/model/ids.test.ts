import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { ApplyId, Digest, HostId, Instant, PoolName, RunId, ServiceName, timedId } from './ids.ts'

const schemas = { ApplyId, Digest, HostId, Instant, PoolName, RunId, ServiceName }

test.each<{ schema: keyof typeof schemas; good: readonly string[]; bad: readonly string[] }>([
  {
    schema: 'Digest',
    good: [`sha256:${'0'.repeat(64)}`],
    bad: [
      `sha256:${'0'.repeat(63)}`,
      `sha256:${'A'.repeat(64)}`,
      `sha512:${'0'.repeat(64)}`,
      '0'.repeat(64),
      `sha256:${'0'.repeat(64)}\n`,
    ],
  },
  {
    schema: 'HostId',
    good: ['web-7', 'web-7.example.org', 'a', '0', 'a'.repeat(253)],
    bad: ['', '-web', 'web-', '.web', 'Web', 'web_7', 'web 7', 'web/7', '../etc', 'web\n', 'wéb', 'a'.repeat(254)],
  },
  {
    schema: 'ApplyId',
    good: ['a-20261121-031502-9f3c'],
    bad: ['r-20261121-031502-9f3c', 'a-20261121-031502-9F3C', 'a-1', 'a-20261121-031502-9f3c\n'],
  },
  { schema: 'RunId', good: ['r-20261121-031455-41bd'], bad: ['a-20261121-031455-41bd', 'r-20261121-031455-41bd/..'] },
  {
    schema: 'ServiceName',
    good: ['php8.2-fpm', 'php-fpm@shop', 'nginx', 'dbus-org.freedesktop.x:1'],
    bad: ['', '-x', '../x', 'a/b', 'a b', 'nginx;reboot', 'nginx\n', '.hidden'],
  },
  { schema: 'PoolName', good: ['www', 'shop_1', 'a.b-c'], bad: ['', '.www', 'a/b', 'a b', '[www]', '$pool', 'www\n'] },
  {
    schema: 'Instant',
    good: ['2026-11-21T03:15:02.000Z'],
    bad: ['2026-11-21T03:15:02Z', '2026-11-21T03:15:02.000+01:00', '2026-02-30T00:00:00.000Z', '2026-11-21', ''],
  },
])('$schema takes what it is for and nothing else', ({ schema, good, bad }) => {
  const accepts = (value: string): boolean => z.safeParse(schemas[schema], value).success
  expect(good.filter((value) => !accepts(value))).toEqual([])
  expect(bad.filter(accepts)).toEqual([])
})

test('an id made from an instant is valid, and ids sort as their times do', () => {
  const instant = fc
    .date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2099-12-31T23:59:59Z'), noInvalidDate: true })
    .map((date) => date.toISOString())
  fc.assert(
    fc.property(instant, instant, (a, b) => {
      const [idA, idB] = [timedId('r', a, '41bd'), timedId('r', b, '41bd')]
      expect(z.safeParse(RunId, idA).success).toBe(true)
      expect(z.safeParse(ApplyId, timedId('a', a, '41bd')).success).toBe(true)
      expect(Math.sign(idA.localeCompare(idB, 'en'))).toBe(
        Math.sign(a.slice(0, 19).localeCompare(b.slice(0, 19), 'en')),
      )
    }),
  )
  expect(timedId('a', '2026-11-21T03:15:02.123Z', '9f3c')).toBe('a-20261121-031502-9f3c')
})
