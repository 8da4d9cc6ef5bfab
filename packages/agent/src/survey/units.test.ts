import { expect, test } from 'vitest'
import { fakeReadHost, timedOut, type FakeWorld } from './fake-read-host.ts'
import { unitText } from './sample-web-host.ts'
import { readUnits } from './units.ts'

const unitOf = (name: string) => ({ [`unit-properties ${name}`]: unitText(name, {}) })

test('units are found by their files, wherever systemd looks for them, and shown all at once', async () => {
  const host = fakeReadHost({
    tree: {
      '/usr/lib/systemd/system/php8.2-fpm.service': '',
      '/etc/systemd/system/php8.2-fpm.service': { link: '/dev/null' },
      '/run/systemd/generator.late/php-fpm.service': '',
      '/etc/systemd/system/php8.2-fpm.service.d/limits.conf': '',
      '/usr/lib/systemd/system/php8.2-fpm@.service': '',
      '/usr/lib/systemd/system/phpsessionclean.service': '',
    },
    answers: { ...unitOf('php8.2-fpm'), ...unitOf('php-fpm'), ...unitOf('nginx') },
  })
  expect(await readUnits(host)).toMatchObject({
    ok: true,
    value: { fpm: [{ service: 'php-fpm' }, { service: 'php8.2-fpm' }], nginx: { service: 'nginx' } },
  })
  expect(host.questions).toMatchObject([{ tool: 'unit-properties', services: ['php-fpm', 'php8.2-fpm', 'nginx'] }])
})

test('a unit with two names is one', async () => {
  const host = fakeReadHost({
    tree: {
      '/usr/lib/systemd/system/php8.2-fpm.service': '',
      '/etc/systemd/system/php-fpm.service': { link: '/usr/lib/systemd/system/php8.2-fpm.service' },
    },
    answers: { ...unitOf('php8.2-fpm'), 'unit-properties php-fpm': unitText('php8.2-fpm', {}) },
  })
  const units = await readUnits(host)
  expect(units.ok && units.value.fpm.map(({ service }) => service)).toEqual(['php8.2-fpm'])
})

test('what systemd does not know is none', async () => {
  const host = fakeReadHost({ tree: { '/usr/lib/systemd/system/php8.2-fpm.service': '' } })
  expect(await readUnits(host)).toEqual({ ok: true, value: { fpm: [], nginx: null } })
})

test('where systemd runs nothing, nobody is asked', async () => {
  const host = fakeReadHost({ hasSystemd: false })
  expect(await readUnits(host)).toEqual({ ok: true, value: { fpm: [], nginx: null } })
  expect(host.questions).toEqual([])
})

test.each<{ is: string; answers: FakeWorld['answers']; gives: unknown }>([
  { is: 'they cannot be looked at', answers: { 'unit-properties': timedOut }, gives: timedOut },
  {
    is: 'systemd does not answer',
    answers: { 'unit-properties': { exitCode: 1, stdout: '', stderr: 'Failed to connect to bus: Host is down\n' } },
    gives: { ok: false, why: 'failed', says: 'Failed to connect to bus: Host is down' },
  },
])('of units it is told that $is', async ({ answers, gives }) => {
  expect(await readUnits(fakeReadHost(answers ? { answers } : {}))).toEqual(gives)
})
