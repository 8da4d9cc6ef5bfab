import { expect, test } from 'vitest'
import { denied, fakeReadHost, type Entry } from './fake-read-host.ts'
import type { FpmService } from './fpm-services.ts'
import { memoryFacts } from './memory-facts.ts'
import { sampleUnit } from './sample-facts.ts'
import { sampleProcess } from './sample-web-host.ts'

const MiB = 1024 * 1024
const meminfo = 'MemTotal:        8192000 kB\nMemFree:          100000 kB\nMemAvailable:    5120512 kB\n'
const slice = '/sys/fs/cgroup/system.slice'
const unit = `${slice}/php8.2-fpm.service`

function service(name: string, masterPid: number | null): FpmService {
  const master = masterPid === null ? null : sampleProcess(masterPid, 1, 'php-fpm: master process (/x)')
  return {
    service: name,
    unit: sampleUnit({ service: name }),
    phpVersion: null,
    binary: '/x',
    configPath: '/x',
    master,
  }
}

async function limitsWith(tree: Readonly<Record<string, Entry>>) {
  const host = fakeReadHost({ tree: { '/proc/meminfo': meminfo, ...tree } })
  return (await memoryFacts(host, [service('php8.2-fpm', 100)]))?.cgroupLimitMiB.get('php8.2-fpm')
}

test('memory of the host is read in MiB, and there may be no limit', async () => {
  const host = fakeReadHost({ tree: { '/proc/meminfo': meminfo } })
  const facts = await memoryFacts(host, [service('php8.2-fpm', 100)])
  expect(facts).toEqual({ totalMiB: 8000, availableMiB: 5000, cgroupLimitMiB: new Map() })
})

test.each([
  { is: 'may not be read', entry: denied },
  { is: 'is not what it should be', entry: 'MemTotal: lots\n' },
])('memory is unknown when /proc/meminfo $is', async ({ entry }) => {
  expect(await memoryFacts(fakeReadHost({ tree: { '/proc/meminfo': entry } }), [])).toBeNull()
})

const v2 = { '/proc/100/cgroup': '0::/system.slice/php8.2-fpm.service\n' }
const v1 = {
  '/proc/100/cgroup': '12:cpu,cpuacct:/other\n9:memory:/system.slice/php8.2-fpm.service\n1:name=systemd:/x\n',
}
const v1Unit = '/sys/fs/cgroup/memory/system.slice/php8.2-fpm.service'

test.each<{ is: string; tree: Readonly<Record<string, Entry>>; gives: unknown }>([
  {
    is: 'v2: the unit has one, rounded against us',
    tree: { ...v2, [`${unit}/memory.max`]: `${512 * MiB + 1}\n`, [`${unit}/memory.current`]: `${100 * MiB + 1}\n` },
    gives: { limitMiB: 512, usedMiB: 101, path: unit },
  },
  {
    is: 'v2: the slice above leaves less room than the unit, though its number is bigger',
    tree: {
      ...v2,
      [`${unit}/memory.max`]: `${512 * MiB}`,
      [`${unit}/memory.current`]: `${100 * MiB}`,
      [`${slice}/memory.max`]: `${1000 * MiB}`,
      [`${slice}/memory.current`]: `${900 * MiB}`,
    },
    gives: { limitMiB: 1000, usedMiB: 900, path: slice },
  },
  {
    is: 'v2: `max` is none',
    tree: { ...v2, [`${unit}/memory.max`]: 'max\n', [`${unit}/memory.current`]: `${100 * MiB}` },
    gives: undefined,
  },
  {
    is: 'v2: a limit without what is used of it says nothing',
    tree: { ...v2, [`${unit}/memory.max`]: `${512 * MiB}`, [`${unit}/memory.current`]: denied },
    gives: undefined,
  },
  {
    is: 'v1: the unit has one',
    tree: {
      ...v1,
      [`${v1Unit}/memory.limit_in_bytes`]: `${256 * MiB}`,
      [`${v1Unit}/memory.usage_in_bytes`]: `${64 * MiB}`,
    },
    gives: { limitMiB: 256, usedMiB: 64, path: v1Unit },
  },
  {
    is: 'v1: the largest page count is none',
    tree: {
      ...v1,
      [`${v1Unit}/memory.limit_in_bytes`]: '9223372036854771712\n',
      [`${v1Unit}/memory.usage_in_bytes`]: `${64 * MiB}`,
    },
    gives: undefined,
  },
  {
    is: 'both at once: the tightest of all counts',
    tree: {
      '/proc/100/cgroup': '9:memory:/php\n0::/php\n',
      '/sys/fs/cgroup/php/memory.max': `${900 * MiB}`,
      '/sys/fs/cgroup/php/memory.current': '0',
      '/sys/fs/cgroup/memory/php/memory.limit_in_bytes': `${300 * MiB}`,
      '/sys/fs/cgroup/memory/php/memory.usage_in_bytes': '0',
    },
    gives: { limitMiB: 300, usedMiB: 0, path: '/sys/fs/cgroup/memory/php' },
  },
  { is: 'its cgroup may not be read', tree: { '/proc/100/cgroup': denied }, gives: undefined },
])('the limit above a service: $is', async ({ tree, gives }) => {
  expect(await limitsWith(tree)).toEqual(gives)
})

test('each service has the limit of its own master, and one that is down has none', async () => {
  const host = fakeReadHost({
    tree: {
      '/proc/meminfo': meminfo,
      '/proc/100/cgroup': '0::/a\n',
      '/proc/300/cgroup': '0::/b\n',
      '/sys/fs/cgroup/a/memory.max': `${100 * MiB}`,
      '/sys/fs/cgroup/a/memory.current': '0',
      '/sys/fs/cgroup/b/memory.max': `${200 * MiB}`,
      '/sys/fs/cgroup/b/memory.current': '0',
    },
  })
  const services = [service('php8.2-fpm', 100), service('php8.3-fpm', 300), service('php8.4-fpm', null)]
  expect([...((await memoryFacts(host, services))?.cgroupLimitMiB ?? [])]).toEqual([
    ['php8.2-fpm', { limitMiB: 100, usedMiB: 0, path: '/sys/fs/cgroup/a' }],
    ['php8.3-fpm', { limitMiB: 200, usedMiB: 0, path: '/sys/fs/cgroup/b' }],
  ])
})
