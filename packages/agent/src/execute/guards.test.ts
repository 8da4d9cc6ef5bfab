import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { fakeNowMs, fakeReadHost, type FakeWorld } from '../survey/fake-read-host.ts'
import { nginxMaster, sampleProcess } from '../survey/sample-web-host.ts'
import { samplePlan } from '../state/sample-plan.ts'
import { failingGuards } from './guards.ts'

const { plan } = samplePlan(randomBytes(32), { basis: { exact: [], guards: [{ guard: 'nginx-loaded' }] } }).record
const loadedMs = fakeNowMs - 100_000
const worker = { ...sampleProcess(60, nginxMaster.pid, 'nginx: worker process', 33), startTicks: 90_000 }
const answers = {
  'unit-properties': `Id=nginx.service\nLoadState=loaded\nActiveState=active\nMainPID=${nginxMaster.pid}\n`,
}

function nginx(modifiedMs: number, tree: FakeWorld['tree'] = { '/proc/uptime': '1000.00 1900.00\n' }) {
  const file = { text: 'events {}', modifiedMs }
  return fakeReadHost({ tree: { '/etc/nginx/nginx.conf': file, ...tree }, answers, processes: [nginxMaster, worker] })
}

test.each([
  { what: 'before its workers began', afterS: -60, failing: [] },
  { what: 'in the second in which they began', afterS: 0.9, failing: [] },
  { what: 'since', afterS: 60, failing: [expect.stringContaining('edited at 2026-11-21T02:59:20')] },
])('nginx has loaded its files, or not: changed $what', async ({ afterS, failing }) => {
  expect(await failingGuards(nginx(loadedMs + afterS * 1000), plan)).toEqual(failing)
})

test.each([
  { what: 'its files cannot be read', host: fakeReadHost({ answers, processes: [nginxMaster, worker] }) },
  { what: 'nobody says when its workers began', host: nginx(loadedMs - 60_000, {}) },
])('where $what, it is not taken for loaded', async ({ host }) => {
  expect(await failingGuards(host, plan)).toEqual([expect.stringContaining('cannot be told')])
})
