import { expect, test } from 'vitest'
import type { Host, ProcessFacts } from '../host/host.ts'
import { drainWorkers } from './drain-workers.ts'

const master: ProcessFacts = {
  pid: 100,
  parentPid: 1,
  state: 'S',
  startTicks: 10,
  cpuTicks: 1,
  comm: 'php-fpm8.2',
  title: 'php-fpm: master process (/etc/php-fpm.conf)',
  uid: 0,
}
const worker = (pid: number, pool = 'www'): ProcessFacts => ({
  ...master,
  pid,
  parentPid: 100,
  startTicks: pid,
  title: `php-fpm: pool ${pool}`,
  uid: 33,
})

/** A host with only processes and a clock; `quit` says what SIGQUIT does to a process. */
function hostWith(
  processes: Map<number, ProcessFacts>,
  quit: (pid: number) => void,
  onSleep: (ms: number) => void = () => undefined,
) {
  let nowMs = 0
  const signals: string[] = []
  const unused = () => Promise.reject(new Error('not asked here'))
  const host = new Proxy({} as Host, {
    get: (_, name) =>
      ({
        nowMs: () => nowMs,
        sleep: async (ms: number) => {
          nowMs += ms
          onSleep(nowMs)
        },
        processes: async () => ({ ok: true, value: [...processes.values()] }),
        process: async (pid: number) =>
          processes.has(pid) ? { ok: true, value: processes.get(pid) } : { ok: false, why: 'missing', says: 'gone' },
        signal: async ({ pid }: { pid: number }, signal: string) => {
          signals.push(`${signal} ${pid}`)
          if (signal === 'SIGSTOP') processes.set(pid, { ...master, state: 'T' })
          if (signal === 'SIGQUIT') quit(pid)
          return { ok: true }
        },
      })[name as string] ?? unused,
  })
  return { host, signals }
}

const zombie = (processes: Map<number, ProcessFacts>) => (pid: number) =>
  processes.set(pid, { ...processes.get(pid)!, state: 'Z', title: '' })
const of = (...all: readonly ProcessFacts[]) => new Map(all.map((each) => [each.pid, each]))

test('workers of every pool of that master are told, status pools too, and no other process is', async () => {
  const processes = of(
    master,
    worker(101),
    worker(102, 'api'),
    worker(103, 'www_status'),
    { ...worker(104), parentPid: 999 },
    { ...master, pid: 105, parentPid: 100, title: 'sleep 600' },
  )
  const { host, signals } = hostWith(processes, zombie(processes))
  expect(await drainWorkers(host, master, 1000)).toEqual({ ok: true, workers: 3 })
  expect(signals).toEqual(['SIGSTOP 100', 'SIGQUIT 101', 'SIGQUIT 102', 'SIGQUIT 103'])
})

test('a worker that was just forked is told once it is a worker, and waited for', async () => {
  const processes = of(master, worker(101), { ...worker(102), title: master.title })
  const { host, signals } = hostWith(processes, zombie(processes), (nowMs) => {
    if (nowMs >= 50 && processes.get(102)?.state !== 'Z') processes.set(102, worker(102))
  })
  expect(await drainWorkers(host, master, 1000)).toEqual({ ok: true, workers: 2 })
  expect(signals).toEqual(['SIGSTOP 100', 'SIGQUIT 101', 'SIGQUIT 102'])
})

test('a worker is told once, however long it takes', async () => {
  const processes = of(master, worker(101))
  const { host, signals } = hostWith(
    processes,
    () => undefined,
    (nowMs) => {
      if (nowMs > 500) processes.delete(101)
    },
  )
  expect(await drainWorkers(host, master, 1000)).toEqual({ ok: true, workers: 1 })
  expect(signals).toEqual(['SIGSTOP 100', 'SIGQUIT 101'])
})

test('at the deadline it names who is still at work, and what it did meanwhile', async () => {
  const processes = of(master, worker(101), worker(102, 'api'))
  const { host } = hostWith(
    processes,
    (pid) => pid === 101 && zombie(processes)(pid),
    () => {
      processes.set(102, { ...worker(102, 'api'), state: 'R', cpuTicks: 151 })
    },
  )
  expect(await drainWorkers(host, master, 1000)).toEqual({
    ok: false,
    says: 'after 1 s a request still ran, or a client kept its connection, in process 102 (pool api, state R, 1.50 s of processor time meanwhile)',
  })
})

test('a master that cannot be stopped is let go at once', async () => {
  const processes = of(master, worker(101))
  const { host, signals } = hostWith(processes, zombie(processes))
  const signal: Host['signal'] = async (_, name) => {
    signals.push(name)
    return { ok: true }
  }
  const stubborn: Host = new Proxy(host, {
    get: (target, name) => (name === 'signal' ? signal : (Reflect.get(target, name) as unknown)),
  })
  expect(await drainWorkers(stubborn, master, 5000)).toMatchObject({
    ok: false,
    says: expect.stringContaining('did not stop'),
  })
  expect(signals).toEqual(['SIGSTOP'])
})
