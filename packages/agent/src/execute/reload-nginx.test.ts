import { expect, test } from 'vitest'
import type { Host, ProcessFacts } from '../host/host.ts'
import { fakeReadHost } from '../survey/fake-read-host.ts'
import { reloadNginx } from './reload-nginx.ts'

const unit = 'Id=nginx.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nMainPID=50\n'
const process = (pid: number, title: string, parentPid = 50): ProcessFacts => ({
  ...{ pid, parentPid, state: 'S', startTicks: pid * 10, cpuTicks: 1, comm: 'nginx', title, uid: 33 },
})
const master = process(50, 'nginx: master process /usr/sbin/nginx', 1)
const worker = (pid: number) => process(pid, 'nginx: worker process')
const leaving = (pid: number) => process(pid, 'nginx: worker process is shutting down')

interface Nginx {
  readonly test?: { readonly exitCode: number; readonly stderr: string }
  /** The processes that there are in each look after the signal; the last ones stay. */
  readonly after: readonly (readonly ProcessFacts[])[]
}

/** An nginx that has two workers until it is told to read its configuration anew. */
function nginxHost({ test: says = { exitCode: 0, stderr: '' }, after }: Nginx): { host: Host; signals: string[] } {
  const signals: string[] = []
  const looks = [...after]
  const looksAt = (): readonly ProcessFacts[] =>
    signals.length === 0 ? [master, worker(51), worker(52)] : ((looks.length > 1 ? looks.shift() : looks[0]) ?? [])
  const reader = fakeReadHost({
    tree: { '/etc/nginx/nginx.conf': 'events {}', '/usr/sbin/nginx': 'ELF' },
    answers: { 'unit-properties nginx': unit, 'unit-properties': unit, 'nginx-config-test': { stdout: '', ...says } },
  })
  let nowMs = 0
  const host = new Proxy(reader as unknown as Host, {
    get(target, name) {
      switch (name) {
        case 'nowMs':
          return () => nowMs
        case 'sleep':
          return async (ms: number) => void (nowMs += ms)
        case 'processes':
          return async () => ({ ok: true, value: looksAt() })
        case 'process':
          return async (pid: number) => {
            const now = signals.length === 0 ? [master] : (looks[0] ?? [])
            const found = now.find((each) => each.pid === pid)
            return found ? { ok: true, value: found } : { ok: false, why: 'missing', says: 'no such process' }
          }
        case 'signal':
          return async ({ pid }: { pid: number }, signal: string) => {
            signals.push(`${signal} ${pid}`)
            return { ok: true }
          }
        default:
          return Reflect.get(target, name) as unknown
      }
    },
  })
  return { host, signals }
}

test('the reload is done when new workers serve and the old ones take no more requests', async () => {
  const { host, signals } = nginxHost({
    after: [
      [master, worker(51), worker(52)],
      [master, worker(51), worker(52), worker(53)],
      [master, leaving(51), leaving(52), worker(53), worker(54)],
    ],
  })
  expect(await reloadNginx(host)).toMatchObject({
    came: 'did',
    says: expect.stringContaining('2 new workers') as string,
  })
  expect(signals).toEqual(['SIGHUP 50'])
})

test('nginx is not told when it would refuse its files, and the answer says what it says', async () => {
  const stderr = 'nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:1\n'
  const { host, signals } = nginxHost({ test: { exitCode: 1, stderr }, after: [[master]] })
  expect(await reloadNginx(host)).toMatchObject({
    came: 'let-go',
    says: expect.stringContaining('unknown directive') as string,
  })
  expect(signals).toEqual([])
})

test('an nginx that keeps its workers has loaded nothing and runs on', async () => {
  const { host } = nginxHost({ after: [[master, worker(51), worker(52)]] })
  expect(await reloadNginx(host)).toMatchObject({ came: 'let-go', says: expect.stringContaining('runs on') as string })
})

test('a master that ends on it is a failure', async () => {
  const { host } = nginxHost({ after: [[]] })
  expect(await reloadNginx(host)).toMatchObject({ came: 'failed', says: expect.stringContaining('ended') as string })
})
