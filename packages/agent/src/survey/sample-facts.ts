/** Facts of a made-up Debian 12 host for the tests of everything that judges: healthy unless a test says otherwise. */
import { readFpmConfig, type FpmConfig } from '../readings/fpm-config.ts'
import type { JournalEntry } from '../readings/journal.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import { samplePass, sampleUpstream, sampleWorkerAccount, type SampleAddresses } from './sample-addresses.ts'
import type { CapacityFacts, NeededDisk } from './capacity-facts.ts'
import { sampleSite } from './sample-sites.ts'
import type { FpmFacts, HostFacts, PoolFacts, SiteFacts, WorkerFacts } from './host-facts.ts'

export const sampleNowMs = Date.parse('2026-11-21T03:00:00.000Z')
export const sampleMain = '/etc/php/8.2/fpm/php-fpm.conf'
export const samplePoolFile = '/etc/php/8.2/fpm/pool.d/www.conf'

export const sampleMainText = `[global]
pid = /run/php/php8.2-fpm.pid
error_log = /var/log/php8.2-fpm.log
;process_control_timeout = 0
include=/etc/php/8.2/fpm/pool.d/*.conf
`
export const samplePoolText = `[www]
user = www-data
group = www-data
listen = /run/php/php8.2-fpm.sock
pm = dynamic
pm.max_children = 5 ; as shipped
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
listen.owner = www-data
listen.group = www-data
`

export function sampleConfig(texts: { readonly main?: string; readonly pool?: string } = {}): FpmConfig {
  const files = new Map([
    [sampleMain, texts.main ?? sampleMainText],
    [samplePoolFile, texts.pool ?? samplePoolText],
  ])
  const reading = readFpmConfig(
    sampleMain,
    (path) => {
      const text = files.get(path)
      return text === undefined ? { ok: false, says: 'no such file' } : { ok: true, text }
    },
    () => [samplePoolFile],
    '/usr',
  )
  if (!reading.ok) throw new Error(reading.says)
  return reading.value
}

export function sampleUnit(changes: Partial<UnitProperties> = {}): UnitProperties {
  return {
    service: 'php8.2-fpm',
    loadState: 'loaded',
    activeState: 'active',
    subState: 'running',
    unitFileState: 'enabled',
    startedBy: ['multi-user.target'],
    result: 'success',
    mainPid: 100,
    execMainPid: 100,
    restart: 'on-failure',
    restartUs: 2_000_000,
    restarts: 0,
    startLimitBurst: 5,
    startLimitIntervalUs: 60_000_000,
    oomPolicy: 'continue',
    execStart:
      '{ path=/usr/sbin/php-fpm8.2 ; argv[]=/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf }',
    execReload:
      '{ path=/usr/sbin/php-fpm8.2 ; argv[]=/usr/sbin/php-fpm8.2 --test ; pid=0 }\n{ path=/bin/kill ; argv[]=/bin/kill -USR2 $MAINPID ; pid=0 }',
    execMainStartedMs: sampleNowMs - 3_600_000,
    execMainExitedMs: null,
    execMainCode: 0,
    execMainStatus: 0,
    inactiveEnterMs: null,
    fragmentPath: '/lib/systemd/system/php8.2-fpm.service',
    dropInPaths: [],
    needDaemonReload: false,
    controlGroup: '/system.slice/php8.2-fpm.service',
    statusText: '',
    watchdogUs: null,
    timeoutStopUs: 90_000_000,
    privateTmp: false,
    runtimeDirectories: [],
    invocationId: '0123456789abcdef0123456789abcdef',
    ...changes,
  }
}

export function sampleWorkers(count: number, peakMiB = 40): readonly WorkerFacts[] {
  return Array.from({ length: count }, (_, i) => ({
    pid: 200 + i,
    parentPid: 100,
    state: 'S',
    startTicks: 5000 + i,
    cpuTicks: 10,
    comm: 'php-fpm8.2',
    title: 'php-fpm: pool www',
    uid: 33,
    memory: {
      rssKiB: 30 * 1024,
      pssKiB: 8 * 1024,
      privateKiB: 3 * 1024,
      sharedMemoryKiB: 20 * 1024,
      sharedFileKiB: 5 * 1024,
      peakRssKiB: (peakMiB + 25) * 1024,
    },
  }))
}

export function samplePool(changes: Partial<PoolFacts> = {}): PoolFacts {
  return {
    name: 'www',
    subject: 'php8.2-fpm/www',
    listen: 'unix:/run/php/php8.2-fpm.sock',
    listenModifiedMs: sampleNowMs - 7_200_000,
    processManager: 'dynamic',
    maxChildren: 5,
    workers: sampleWorkers(2),
    queue: { ok: true, value: { waiting: [0, 0, 0, 0, 0], limit: 4096 } },
    connections: { held: 0, droppedAgoMs: [] },
    status: { ok: false, why: 'missing', says: 'the status page is off (pm.status_path)' },
    workingFolders: [],
    slowLog: { ok: false, why: 'missing', says: 'the slow log is off (request_slowlog_timeout)' },
    ...changes,
  }
}

export function sampleFpm(changes: Partial<FpmFacts> = {}): FpmFacts {
  return {
    service: 'php8.2-fpm',
    phpVersion: '8.2',
    unit: sampleUnit(),
    mask: null,
    dropIns: [],
    binary: '/usr/sbin/php-fpm8.2',
    configPath: sampleMain,
    config: {
      ok: true,
      value: sampleConfig({
        main: sampleMainText.replace(';process_control_timeout = 0', 'process_control_timeout = 10s'),
        pool: `${samplePoolText}pm.status_path = /status\nslowlog = /var/log/www.slow.log\nrequest_slowlog_timeout = 5s\n`,
      }),
    },
    configModifiedMs: sampleNowMs - 7_200_000,
    loadedAtMs: sampleNowMs - 3_600_000,
    listensOn: ['unix:/run/php/php8.2-fpm.sock'],
    configTest: { ok: true, value: { passes: true, exitCode: 0, says: [] } },
    master: {
      pid: 100,
      parentPid: 1,
      state: 'S',
      startTicks: 4000,
      cpuTicks: 3,
      comm: 'php-fpm8.2',
      title: `php-fpm: master process (${sampleMain})`,
      uid: 0,
    },
    masterMemory: {
      rssKiB: 20_900,
      pssKiB: 9600,
      privateKiB: 6300,
      sharedMemoryKiB: 2400,
      sharedFileKiB: 9000,
      peakRssKiB: 21_000,
    },
    pools: [samplePool()],
    journal: { ok: true, value: [] },
    pidFile: null,
    log: { ok: true, value: { path: '/var/log/php8.2-fpm.log', entries: [] } },
    lastGood: null,
    ...changes,
  }
}

/** A line of systemd's own, a minute ago. */
export function sampleJournalEntry(changes: Partial<JournalEntry> = {}): JournalEntry {
  return {
    ...{ atMs: sampleNowMs - 60_000, cursor: '', message: '', priority: 6, identifier: 'systemd', pid: 1, uid: 0 },
    ...{ messageId: null, unitResult: null, exitCode: null, exitStatus: null, jobType: null, jobResult: null },
    ...changes,
  }
}

/** A service that is down, in the way the unit's properties say. */
export function sampleDownFpm(unit: Partial<UnitProperties>, changes: Partial<FpmFacts> = {}): FpmFacts {
  const pools = [samplePool({ workers: [], queue: { ok: false, why: 'missing', says: 'nothing listens there' } })]
  return sampleFpm({
    unit: sampleUnit({ mainPid: 0, ...unit }),
    master: null,
    masterMemory: null,
    loadedAtMs: null,
    listensOn: [],
    pools,
    ...changes,
  })
}

/** Room everywhere. */
export function sampleCapacity(changes: Partial<CapacityFacts> = {}): CapacityFacts {
  const memory = { folder: '/sys/fs/cgroup/system.slice/php8.2-fpm.service', path: '/system.slice/php8.2-fpm.service' }
  return {
    fpm: new Map([
      [
        'php8.2-fpm',
        {
          memory: { ...memory, version: 2 as const, oomKills: 0 },
          processes: { limit: 4915, now: 3, path: memory.folder },
          held: new Map(),
        },
      ],
    ]),
    nginx: {
      configPath: '/etc/nginx/nginx.conf',
      configModifiedMs: sampleNowMs - 7_200_000,
      workerConnections: { value: 768, setAt: '/etc/nginx/nginx.conf:8' },
      workerFiles: null,
      openFiles: { limit: 1024, now: 14 },
      kept: [],
      bodyFolders: ['/var/lib/nginx/body', '/var/lib/nginx/fastcgi'],
    },
    oomKills: null,
    disks: { ok: true, value: [sampleDisk()] },
    somaxconn: 4096,
    ...changes,
  }
}

export function sampleDisk(changes: Partial<NeededDisk> = {}): NeededDisk {
  return {
    service: 'nginx',
    use: 'bodies',
    path: '/var/lib/nginx/body',
    mountedAt: '/',
    sizeBytes: 20 * 1024 ** 3,
    freeBytes: 9 * 1024 ** 3,
    freeInodes: 1_000_000,
    ...changes,
  }
}

export function sampleFacts(
  changes: { readonly fpm?: readonly FpmFacts[]; readonly sites?: readonly SiteFacts[] } & Partial<
    Omit<HostFacts, 'fpm' | 'nginx'>
  > & {
      readonly errors?: HostFacts['nginx']['errors']
      readonly proxied?: HostFacts['nginx']['proxied']
      readonly nginxConfig?: HostFacts['nginx']['config']
    } & SampleAddresses = {},
): HostFacts {
  const { fpm, sites, proxied, errors, nginxConfig, nginxLoadedAtMs, worker, passes, upstreams, ...rest } = changes
  return {
    host: 'web-1',
    takenAtMs: sampleNowMs,
    fpm: fpm ?? [sampleFpm()],
    nginx: {
      unit: sampleUnit({ service: 'nginx', mainPid: 50 }),
      binary: '/usr/sbin/nginx',
      config: nginxConfig ?? { ok: false, why: 'missing', says: 'no such file' },
      configTest: { ok: true, value: { passes: true, exitCode: 0, says: [] } },
      journal: { ok: true, value: [] },
      pidFile: null,
      master: {
        pid: 50,
        parentPid: 1,
        state: 'S',
        startTicks: 3000,
        cpuTicks: 1,
        comm: 'nginx',
        title: 'nginx: master process /usr/sbin/nginx',
        uid: 0,
      },
      workerPid: 51,
      workerPids: [51],
      sites: { ok: true, value: sites ?? [sampleSite()] },
      proxied: proxied ?? [],
      errors: errors ?? [],
      loadedAtMs: nginxLoadedAtMs ?? sampleNowMs - 3_600_000,
      worker: worker ?? sampleWorkerAccount(),
      passes: passes ?? (sites?.length === 0 ? [] : [samplePass()]),
      upstreams: upstreams ?? (sites?.length === 0 ? [] : [sampleUpstream()]),
      lastGood: null,
    },
    poolProbes: [],
    memory: { totalMiB: 8000, availableMiB: 5000, cgroupLimitMiB: new Map() },
    history: new Map(),
    capacity: sampleCapacity(),
    security: { selinux: null, nginxRunsAs: null, denials: null, wrongLabels: [] },
    adminSessions: { ok: true, value: [] },
    couldNotTell: [],
    ...rest,
  }
}
