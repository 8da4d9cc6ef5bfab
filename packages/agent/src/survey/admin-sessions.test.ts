import { expect, test } from 'vitest'
import { adminSessions } from './admin-sessions.ts'
import { fakeReadHost, timedOut } from './fake-read-host.ts'
import { sampleDownFpm, sampleFpm, sampleNowMs, sampleUnit } from './sample-facts.ts'

const stoppedMs = sampleNowMs - 60_000
const stopped = { activeState: 'inactive', subState: 'dead', inactiveEnterMs: stoppedMs }
const nginx = sampleUnit({ service: 'nginx' })
const hours = 3_600_000

test('nobody is asked for while every service is up, or crashed', async () => {
  const host = fakeReadHost()
  const fpm = [sampleFpm(), sampleDownFpm({ activeState: 'failed', inactiveEnterMs: stoppedMs })]
  expect(await adminSessions(host, fpm, nginx)).toEqual({ ok: true, value: [] })
  expect(host.questions).toEqual([])
})

test('the journal is asked for the hours before the first of those that are down', async () => {
  const host = fakeReadHost({ answers: { 'admin-journal': '' } })
  const fpm = [sampleDownFpm({ ...stopped, inactiveEnterMs: stoppedMs + 5000 }), sampleDownFpm(stopped)]
  expect(await adminSessions(host, fpm, nginx)).toEqual({ ok: true, value: [] })
  expect(host.questions).toMatchObject([{ tool: 'admin-journal', sinceMs: stoppedMs - 12 * hours }])
})

test('nginx counts, too, and a journal that cannot be read is said', async () => {
  const host = fakeReadHost({ answers: { 'admin-journal': timedOut } })
  expect(await adminSessions(host, [], sampleUnit({ service: 'nginx', ...stopped }))).toEqual(timedOut)
})
