import { describe, expect, test } from 'vitest'
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import { capacityFacts, type CapacityQuestion } from './capacity-facts.ts'
import { denied, fakeNowMs, fakeReadHost, type FakeWorld } from './fake-read-host.ts'
import { sampleDownFpm, sampleFpm, samplePool, sampleWorkers } from './sample-facts.ts'

const cgroup = '/system.slice/php8.2-fpm.service'
const allowance: CapacityQuestion['nginx']['allowance'] = {
  workerConnections: { value: 768, setAt: null },
  workerFiles: null,
  kept: [],
  bodyFolders: ['/var/lib/nginx/body'],
  configPath: '/etc/nginx/nginx.conf',
  files: ['/etc/nginx/nginx.conf', '/etc/nginx/sites-enabled/shop'],
}
const df =
  '1B-blocks Avail Inodes IFree Mounted on File\n' +
  '1048576 0 100 90 /var/lib/nginx/body /var/lib/nginx/body\n' +
  '2147483648 2139058176 3085512 3085463 / /var/log/php8.2-fpm.log\n'
const v2 = {
  '/proc/100/cgroup': `0::${cgroup}\n`,
  [`/sys/fs/cgroup${cgroup}/memory.events`]: 'low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\n',
  [`/sys/fs/cgroup${cgroup}/pids.max`]: '4915\n',
  [`/sys/fs/cgroup${cgroup}/pids.current`]: '3\n',
}
const killed = (secondsAgo: number): FpmLogEntry => {
  const at = new Date(fakeNowMs - secondsAgo * 1000)
  const localTime = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
  const death = { pool: 'www', pid: 48, signal: 9, name: 'SIGKILL', afterSeconds: 1 }
  return { event: 'child-signalled', ...death, level: 'WARNING', localTime, text: '[pool www] child 48 exited' }
}
const fpm = (...entries: readonly FpmLogEntry[]) =>
  sampleFpm({ log: { ok: true, value: { path: '/var/log/php8.2-fpm.log', entries } } })

async function read(world: FakeWorld, question: Partial<CapacityQuestion> = {}) {
  const tree = { '/var/lib/nginx/body': { is: 'directory' }, '/var/log/php8.2-fpm.log': '', ...world.tree } as const
  const host = fakeReadHost({ answers: { 'disk-space': df }, ...world, tree })
  const nginx = { allowance, workerPids: [51], logs: [] }
  return { host, ...(await capacityFacts(host, { fpm: [fpm()], nginx, ...question })) }
}

test('limits of the service, of nginx, and of the disks', async () => {
  const { facts, couldNotTell, host } = await read({
    tree: {
      ...v2,
      '/proc/51/limits': 'Max open files            1024                 20000                files     \n',
      '/proc/51/fd/0': '',
      '/proc/51/fd/1': '',
      '/etc/nginx/nginx.conf': { text: '', modifiedMs: 1000 },
      '/etc/nginx/sites-enabled/shop': { link: '/etc/nginx/sites-available/shop', modifiedMs: 500 },
      '/etc/nginx/sites-available/shop': { text: '', modifiedMs: 2000 },
    },
  })
  expect(facts.fpm.get('php8.2-fpm')).toEqual({
    memory: { folder: `/sys/fs/cgroup${cgroup}`, path: cgroup, version: 2, oomKills: 1 },
    processes: { limit: 4915, now: 3, path: `/sys/fs/cgroup${cgroup}` },
    held: new Map(),
  })
  expect(facts.nginx).toMatchObject({ openFiles: { limit: 1024, now: 2 }, configModifiedMs: 2000 })
  expect(facts.disks.ok && facts.disks.value.map(({ use, freeBytes }) => [use, freeBytes])).toEqual([
    ['log', 2139058176],
    ['bodies', 0],
  ])
  expect(couldNotTell).toEqual([])
  // A healthy host is not asked for the kernel's words, nor what each worker waits for.
  expect(facts.oomKills).toBeNull()
  expect(host.questions.map(({ tool }) => tool)).toEqual(['disk-space'])
  expect([...host.touched].filter((path) => path.endsWith('/syscall'))).toEqual([])
})

test('without a limit there is none', async () => {
  const { facts } = await read({ tree: { ...v2, [`/sys/fs/cgroup${cgroup}/pids.max`]: 'max\n' } })
  expect(facts.fpm.get('php8.2-fpm')?.processes).toBeNull()
})

test('a df that does not work is named', async () => {
  const { facts, couldNotTell } = await read({ answers: { 'disk-space': denied } })
  expect(facts.disks.ok).toBe(false)
  expect(couldNotTell).toEqual([{ what: 'whether a disk is full', why: 'permission denied' }])
})

describe('after a worker was killed', () => {
  const kernel = JSON.stringify({ __REALTIME_TIMESTAMP: '1000000', __CURSOR: 'c', MESSAGE: 'Linux version 6.1' })

  test.each([
    { why: 'the kernel is heard', tree: {}, journal: kernel },
    { why: 'the counter of the service counts', tree: v2, journal: '' },
    {
      why: 'a counter that all share is at zero',
      tree: { '/proc/100/cgroup': '4:memory:/\n', '/sys/fs/cgroup/memory/memory.oom_control': 'oom_kill 0\n' },
      journal: '',
    },
  ])('it can be told whether it was for memory, where $why', async ({ tree, journal }) => {
    const answers = { 'disk-space': df, 'kernel-journal': journal }
    const { couldNotTell } = await read({ tree, answers }, { fpm: [fpm(killed(20))] })
    expect(couldNotTell).toEqual([])
  })

  test('otherwise that it cannot be told is said', async () => {
    const answers = { 'disk-space': df, 'kernel-journal': '' }
    const { couldNotTell } = await read({ answers }, { fpm: [fpm(killed(20))] })
    expect(couldNotTell).toEqual([
      {
        what: 'whether the kernel killed workers of php8.2-fpm for memory',
        why: "the journal has none of the kernel's messages",
      },
    ])
  })

  test('and systemd saw it and stopped FPM before that could write of it, the kernel is asked', async () => {
    const answers = { 'disk-space': df, 'kernel-journal': kernel }
    const stopped = sampleDownFpm({ activeState: 'failed', result: 'oom-kill' })
    const { host } = await read({ answers }, { fpm: [stopped] })
    expect(host.questions.map(({ tool }) => tool)).toContain('kernel-journal')
  })

  test('long ago, nobody asks', async () => {
    const { host } = await read({}, { fpm: [fpm(killed(4000))] })
    expect(host.questions.map(({ tool }) => tool)).toEqual(['disk-space'])
  })
})

test('workers that stand in read on a connection of nginx are held; others are not', async () => {
  const read0 = process.arch === 'x64' ? '0' : '63'
  const kept = {
    group: 'php',
    addresses: ['unix:/run/php/php8.2-fpm.sock' as const],
    perWorker: 8,
    setAt: '/etc/nginx/nginx.conf:3',
    keptBy: '/etc/nginx/nginx.conf:9',
  }
  const { facts } = await read(
    {
      tree: {
        ...v2,
        '/proc/net/unix':
          '00000000791448c7: 00000003 00000000 00000000 0001 03 2614638 /run/php/php8.2-fpm.sock\n' +
          '00000000791448c8: 00000003 00000000 00000000 0001 03 2614639 /run/mysqld/mysqld.sock\n',
        '/proc/200/syscall': `${read0} 0x5 0x0\n`,
        '/proc/200/fd/5': { link: 'socket:[2614638]' },
        '/proc/201/syscall': `${read0} 0x6 0x0\n`,
        '/proc/201/fd/6': { link: 'socket:[2614639]' },
        '/proc/202/syscall': 'running\n',
      },
    },
    {
      fpm: [sampleFpm({ pools: [samplePool({ workers: sampleWorkers(3) })] })],
      nginx: { allowance: { ...allowance, kept: [kept] }, workerPids: [51], logs: [] },
    },
  )
  expect(facts.fpm.get('php8.2-fpm')?.held).toEqual(new Map([['www', 1]]))
})
