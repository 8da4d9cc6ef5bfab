import { ServiceName } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import type { ProcessFacts } from '../host/host.ts'
import { denied, fakeReadHost, type Entry, type FakeReadHost, type FakeWorld } from './fake-read-host.ts'
import { findFpmServices } from './fpm-services.ts'
import { execStart, sampleProcess, unitText } from './sample-web-host.ts'
import { readUnits } from './units.ts'

const unitFiles = (...names: readonly string[]): Readonly<Record<string, Entry>> =>
  Object.fromEntries(names.map((name) => [`/usr/lib/systemd/system/${name}.service`, '']))

async function servicesOf(host: FakeReadHost, processes: readonly ProcessFacts[] = []) {
  const units = await readUnits(host)
  if (!units.ok) throw new Error(units.says)
  return findFpmServices(host, processes, units.value)
}

/** One service with this unit, while these processes run. */
async function found(
  name: string,
  properties: Readonly<Record<string, string | number>>,
  tree: Readonly<Record<string, Entry>> = {},
  titles: Readonly<Record<number, string>> = {},
) {
  const host = fakeReadHost({
    tree: { ...unitFiles(name), ...tree },
    answers: { [`unit-properties ${name}`]: unitText(name, properties) },
  })
  const processes = Object.entries(titles).map(([pid, title]) => sampleProcess(Number(pid), 1, title))
  return (await servicesOf(host, processes)).services[0]
}

test('several services are found in the order of their names, each with its own master', async () => {
  const host = fakeReadHost({
    tree: {
      ...unitFiles('php8.3-fpm', 'php8.2-fpm'),
      '/proc/300/exe': { link: '/usr/sbin/php-fpm8.3' },
      '/proc/200/exe': { link: '/usr/sbin/php-fpm8.2' },
    },
    answers: {
      'unit-properties php8.2-fpm': unitText('php8.2-fpm', { MainPID: 200 }),
      'unit-properties php8.3-fpm': unitText('php8.3-fpm', { MainPID: 300 }),
    },
  })
  const { services } = await servicesOf(host, [
    sampleProcess(200, 1, 'php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)'),
    sampleProcess(300, 1, 'php-fpm: master process (/srv/php-fpm.conf)'),
  ])
  expect(services).toMatchObject([
    {
      unit: { service: 'php8.2-fpm' },
      phpVersion: '8.2',
      configPath: '/etc/php/8.2/fpm/php-fpm.conf',
      master: { pid: 200 },
    },
    { unit: { service: 'php8.3-fpm' }, phpVersion: '8.3', configPath: '/srv/php-fpm.conf', master: { pid: 300 } },
  ])
  expect(services).toHaveLength(2)
})

test('a worker that still has the title of its master is none, wherever its root is', async () => {
  const title = 'php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)'
  const host = fakeReadHost({
    tree: { ...unitFiles('php8.2-fpm'), '/proc/200/exe': { link: '/usr/sbin/php-fpm8.2' }, '/proc/201/root/.': denied },
    answers: { 'unit-properties php8.2-fpm': unitText('php8.2-fpm', { MainPID: 200 }) },
  })
  const justForked = [sampleProcess(201, 200, title), sampleProcess(202, 200, title, 33)]
  const found = await servicesOf(host, [sampleProcess(200, 1, title), ...justForked])
  expect(found).toMatchObject({ services: [{ master: { pid: 200 } }], others: [] })
})

describe('the binary', () => {
  const running = { 100: 'php-fpm: master process (/etc/php-fpm.conf)' }
  const start = { MainPID: 100, ExecStart: execStart('/usr/sbin/php-fpm8.2', '--nodaemonize') }

  test.each<{ is: string; exe: Entry; binary: string }>([
    { is: 'is what runs', exe: { link: '/opt/php/sbin/php-fpm' }, binary: '/opt/php/sbin/php-fpm' },
    {
      is: 'may have been replaced by an upgrade',
      exe: { link: '/usr/sbin/php-fpm8.1 (deleted)' },
      binary: '/usr/sbin/php-fpm8.1',
    },
    { is: 'is what the unit starts, when /proc does not tell', exe: denied, binary: '/usr/sbin/php-fpm8.2' },
  ])('$is: $binary', async ({ exe, binary }) => {
    expect(await found('php-fpm', start, { '/proc/100/exe': exe }, running)).toMatchObject({ binary })
  })

  test('has the name that Debian gives it, where the unit is masked and says nothing', async () => {
    expect(await found('php8.2-fpm', { MainPID: 0, LoadState: 'masked' })).toMatchObject({
      binary: '/usr/sbin/php-fpm8.2',
      configPath: '/etc/php/8.2/fpm/php-fpm.conf',
    })
  })

  test('is what the unit would start while nothing runs', async () => {
    expect(await found('php-fpm', { ...start, MainPID: 0 })).toMatchObject({
      binary: '/usr/sbin/php-fpm8.2',
      master: null,
    })
  })
})

test.each([
  {
    is: 'named by the unit',
    service: 'php8.2-fpm',
    start: execStart('/usr/sbin/php-fpm8.2', '--nodaemonize', '--fpm-config', '/srv/fpm.conf'),
    config: '/srv/fpm.conf',
    phpVersion: '8.2',
  },
  {
    is: 'named by the unit with an equals sign',
    service: 'php-fpm',
    start: execStart('/usr/sbin/php-fpm', '--fpm-config=/srv/fpm.conf', '--nodaemonize'),
    config: '/srv/fpm.conf',
    phpVersion: null,
  },
  {
    is: "Debian's own",
    service: 'php8.3-fpm',
    start: execStart('/usr/sbin/php-fpm8.3', '--nodaemonize'),
    config: '/etc/php/8.3/fpm/php-fpm.conf',
    phpVersion: '8.3',
  },
  {
    is: "RHEL's own",
    service: 'php-fpm',
    start: execStart('/usr/sbin/php-fpm', '--nodaemonize'),
    config: '/etc/php-fpm.conf',
    phpVersion: null,
  },
  {
    is: "a collection's own",
    service: 'php82-php-fpm',
    start: execStart('/opt/remi/php82/root/usr/sbin/php-fpm', '--nodaemonize'),
    config: '/etc/opt/remi/php82/php-fpm.conf',
    phpVersion: null,
  },
  {
    is: 'a guess, when the unit says nothing',
    service: 'php8.2-fpm',
    start: '',
    config: '/etc/php/8.2/fpm/php-fpm.conf',
    phpVersion: '8.2',
  },
])('the configuration of $service while it is down is $is: $config', async ({ service, start, config, phpVersion }) => {
  expect(await found(service, { MainPID: 0, ExecStart: start })).toMatchObject({ configPath: config, phpVersion })
})

test.each([
  { is: 'a title alone makes no master', mainPid: 100, titles: { 666: 'php-fpm: master process (/tmp/evil.conf)' } },
  { is: 'what the unit runs must be FPM', mainPid: 100, titles: { 100: '/bin/sh /usr/local/bin/wrapper' } },
  { is: 'a worker is no master', mainPid: 100, titles: { 100: 'php-fpm: pool www' } },
  { is: 'pid 0 is nobody', mainPid: 0, titles: { 0: 'php-fpm: master process (/tmp/evil.conf)' } },
])('$is', async ({ mainPid, titles }) => {
  expect(await found('php8.2-fpm', { MainPID: mainPid }, {}, titles)).toMatchObject({
    master: null,
    configPath: '/etc/php/8.2/fpm/php-fpm.conf',
  })
})

describe('without a unit', () => {
  const image = '/usr/local/etc/php-fpm.conf'
  const title = (config: string) => `php-fpm: master process (${config})`
  const runs = (pid: number, binary: string): Readonly<Record<string, Entry>> => ({
    [`/proc/${pid}/exe`]: { link: binary },
    [`/proc/${pid}/root`]: { link: '/' },
  })

  /** On a host without systemd, or with one that has these units. */
  async function all(
    world: Pick<FakeWorld, 'tree' | 'answers' | 'hasSystemd'>,
    masters: readonly ReturnType<typeof sampleProcess>[],
  ) {
    const host = fakeReadHost({ hasSystemd: false, ...world })
    return { host, ...(await servicesOf(host, masters)) }
  }

  test('in the official image, the master is PID 1, and nobody is asked about units', async () => {
    const { services, others, host } = await all({ tree: runs(1, '/usr/local/sbin/php-fpm') }, [
      sampleProcess(1, 0, title(image)),
    ])
    expect(services).toEqual([
      {
        ...{ service: 'php-fpm', unit: null, phpVersion: null, binary: '/usr/local/sbin/php-fpm', configPath: image },
        master: sampleProcess(1, 0, title(image)),
      },
    ])
    expect(others).toEqual([])
    expect(host.questions).toEqual([])
  })

  test.each([
    { binary: '/usr/sbin/php-fpm8.2', config: '/etc/php/8.2/fpm/php-fpm.conf', service: 'php8.2-fpm', version: '8.2' },
    { binary: '/usr/sbin/php-fpm82', config: '/etc/php82/php-fpm.conf', service: 'php-fpm82', version: null },
    { binary: '/opt/app/bin/fpm (deleted)', config: '/opt/app/fpm.conf', service: 'php-fpm', version: null },
  ])('$binary is called $service', async ({ binary, config, service, version }) => {
    const { services } = await all({ tree: runs(7, binary) }, [sampleProcess(7, 1, title(config))])
    expect(services).toMatchObject([{ service, phpVersion: version, configPath: config, master: { pid: 7 } }])
  })

  test('what is installed and does not run is known by its program and configuration, by one name of two', async () => {
    const tree = {
      '/usr/sbin/php-fpm8.2': '',
      '/usr/sbin/php-fpm': { link: '/usr/sbin/php-fpm8.2' },
      '/usr/sbin/php-fpm7.4': '',
      '/etc/php/8.2/fpm/php-fpm.conf': '',
    }
    const { services } = await all({ tree }, [])
    expect(services).toMatchObject([
      { service: 'php8.2-fpm', unit: null, master: null, binary: '/usr/sbin/php-fpm8.2' },
    ])
    expect(services).toHaveLength(1)
  })

  test('several masters of one program have names of their own, the one with the files of its package the plain one', async () => {
    const binary = '/usr/sbin/php-fpm8.2'
    const tree = { ...runs(7, binary), ...runs(8, binary), ...runs(9, binary) }
    const { services } = await all({ tree }, [
      sampleProcess(7, 1, title('/srv/shop/fpm conf')),
      sampleProcess(8, 1, title('/etc/php/8.2/fpm/php-fpm.conf')),
      sampleProcess(9, 1, title('/srv/shop/fpm conf')),
    ])
    expect(services.map(({ service, master }) => [service, master?.pid])).toEqual([
      ['php8.2-fpm', 8],
      ['php8.2-fpm@srv-shop-fpm_conf', 7],
      ['php8.2-fpm@srv-shop-fpm_conf.2', 9],
    ])
    expect(services.every(({ service }) => ServiceName.safeParse(service).success)).toBe(true)
  })

  test('a relative configuration begins where the master was started', async () => {
    const tree = { ...runs(7, '/usr/sbin/php-fpm8.2'), '/proc/7/cwd': { link: '/srv' } }
    const { services } = await all({ tree }, [sampleProcess(7, 1, title('fpm.conf'))])
    expect(services).toMatchObject([{ configPath: '/srv/fpm.conf' }])
  })

  test.each([
    { is: 'of another user', uid: 1000, root: { link: '/' }, what: /^the PHP-FPM of other users \(pid 7\)$/ },
    { is: 'of a container', uid: 0, root: { is: 'directory' } as const, what: /^the PHP-FPM of containers \(pid 7\)$/ },
  ])('a master $is is none of this host, is not looked into, and that is said', async ({ uid, root, what }) => {
    const tree: Readonly<Record<string, Entry>> = { '/proc/7/exe': { link: '/tmp/evil' }, '/proc/7/root': root }
    const { services, others } = await all({ tree }, [sampleProcess(7, 1, title('/tmp/evil.conf'), uid)])
    expect(services).toEqual([])
    expect(others).toMatchObject([{ what: expect.stringMatching(what) }])
  })

  test('whoever runs the agent may have a master, too: a container without root', async () => {
    const tree = {
      ...runs(1, '/usr/local/sbin/php-fpm'),
      '/proc/self/status': 'Uid:\t82\t82\t82\t82\nGid:\t82\t82\t82\t82\n',
    }
    expect((await all({ tree }, [sampleProcess(1, 0, title(image), 82)])).services).toMatchObject([
      { master: { pid: 1 } },
    ])
  })

  describe('beside a unit', () => {
    const config = '/etc/php/8.2/fpm/php-fpm.conf'
    const units = (mainPid: number) => ({
      'unit-properties php8.2-fpm': unitText('php8.2-fpm', { MainPID: mainPid, ActiveState: 'failed' }),
    })
    const binary = '/usr/sbin/php-fpm8.2'
    const files = unitFiles('php8.2-fpm')

    test('a master with the files of a unit that is down stands in for it', async () => {
      const { services } = await all({ hasSystemd: true, tree: { ...files, ...runs(7, binary) }, answers: units(0) }, [
        sampleProcess(7, 1, title(config)),
      ])
      expect(services).toMatchObject([{ service: 'php8.2-fpm', unit: { activeState: 'failed' }, master: { pid: 7 } }])
      expect(services).toHaveLength(1)
    })

    test('while the unit runs it is a service of its own', async () => {
      const tree = { ...files, ...runs(7, binary), ...runs(100, binary) }
      const { services } = await all({ hasSystemd: true, tree, answers: units(100) }, [
        sampleProcess(7, 1, title(config)),
        sampleProcess(100, 1, title(config)),
      ])
      expect(services.map(({ service, master }) => [service, master?.pid])).toEqual([
        ['php8.2-fpm', 100],
        ['php8.2-fpm@etc-php-8.2-fpm-php-fpm.conf', 7],
      ])
    })

    test("what a wrapper of the unit has started is the unit's", async () => {
      const { services } = await all(
        { hasSystemd: true, tree: { ...files, ...runs(101, binary) }, answers: units(100) },
        [sampleProcess(100, 1, '/bin/sh /usr/local/bin/wrapper'), sampleProcess(101, 100, title(config))],
      )
      expect(services).toMatchObject([{ service: 'php8.2-fpm', unit: { mainPid: 100 }, master: { pid: 101 } }])
      expect(services).toHaveLength(1)
    })
  })
})
