/** One look at a host: everything that diagnoses and remediations may rest on, read once and only read. */
import type { CouldNotTell } from '@fleetmend/shared'
import type { Read, ReadHost } from '../host/host.ts'
import { isNamed } from '../readings/is-named.ts'
import { capacityFacts } from './capacity-facts.ts'
import { nginxLoad } from './config-load.ts'
import type { FpmFacts, HostFacts, SiteFacts } from './host-facts.ts'
import { expectedAddresses } from './expected-addresses.ts'
import { fpmFacts, readFpm } from './fpm-facts.ts'
import { adminSessions } from './admin-sessions.ts'
import { findFpmServices, type FpmServices } from './fpm-services.ts'
import { lastGoodFacts, nothingKept, type LastGoodSource } from './last-good-facts.ts'
import { memoryFacts } from './memory-facts.ts'
import { nginxErrors } from './nginx-errors.ts'
import { nginxFacts, type NginxReading } from './nginx-facts.ts'
import { nginxService } from './nginx-service.ts'
import { nginxLoadedAtMs } from './nginx-load-time.ts'
import { probePools } from './probe-pools.ts'
import { probeSites, upstreamAsker, type CanaryPaths } from './probe-sites.ts'
import { proxiedSiteFacts } from './proxied-sites.ts'
import { sampleQueues, sampleQueuesAt } from './queue-samples.ts'
import { securityFacts } from './security-facts.ts'
import { titledProcesses } from './titled-processes.ts'
import { readUnits } from './units.ts'
import { upstreamFacts } from './upstream-facts.ts'
import { workerAccount } from './worker-account.ts'

export interface LookOptions {
  /** Only sites of this `server_name` are probed and reported. */
  readonly site?: string
  readonly canaryPaths?: CanaryPaths
  /** What this agent has recorded; left out: nothing. */
  readonly history?: HostFacts['history']
  /** The configurations that this agent has kept; left out: none. */
  readonly lastGood?: LastGoodSource
}

export async function look(host: ReadHost, options: LookOptions = {}): Promise<HostFacts> {
  const takenAtMs = host.nowMs()
  const couldNotTell: CouldNotTell[] = []
  const seen = await host.processes()
  const units = await readUnits(host)
  const titled = await titledProcesses(host, seen, units.ok ? units.value.fpm : [])
  const processes = orNote(couldNotTell, 'the processes of this host', titled, [])
  if (!units.ok) couldNotTell.push({ what: 'which PHP-FPM services there are', why: units.says })
  const { services, others } = units.ok ? await findFpmServices(host, processes, units.value) : noServices
  couldNotTell.push(...others)
  const isUp = services.some(({ master }) => master !== null)
  const [nginx, readings, memory, sampled] = await Promise.all([
    nginxFacts(host, processes, units),
    Promise.all(services.map((service) => readFpm(host, service))),
    memoryFacts(host, services),
    isUp ? sampleQueues(host, processes) : null,
  ])
  const queues = sampled ?? (await sampleQueuesAt(host, processes, await expectedAddresses(host, nginx, readings)))
  const sites = nginx.sites.ok ? nginx.sites.value.filter((site) => !options.site || isNamed(site, options.site)) : []
  const ask = upstreamAsker(host, nginx.workerPid)
  const [fpm, probed, upstreams, proxied, { configTest, journal }] = await Promise.all([
    Promise.all(readings.map((reading) => fpmFacts(host, reading, processes, queues, options.lastGood))),
    probeSites(host, sites, nginx.workerPid, ask, options.canaryPaths),
    upstreamFacts(host, {
      addresses: sites.flatMap((site) => site.upstreams),
      ask,
      workerPid: nginx.workerPid,
      listeners: queues.ok ? (queues.value.at(-1) ?? []) : null,
      processes,
      views: services.flatMap(({ service, master }) => (master ? [{ service, masterPid: master.pid }] : [])),
    }),
    proxiedSiteFacts(
      host,
      nginx.proxied.filter(({ site }) => !options.site || isNamed(site, options.site)),
      queues,
      options.canaryPaths,
    ),
    nginxService(host, nginx),
  ])
  const sessions = await adminSessions(host, fpm, nginx.unit)
  // After the probes: what they came to is the newest there is to know.
  const { errors, unreadableLogs } = await nginxErrors(host, errorLogsOf(nginx, [...probed, ...proxied]), fpm)
  const capacity = await capacityFacts(host, {
    fpm,
    nginx: { ...nginx, logs: sites.flatMap(({ errorLogs, accessLogs }) => [...errorLogs, ...accessLogs]) },
  })
  couldNotTell.push(...capacity.couldNotTell)
  const security = await securityFacts(host, {
    fpm,
    workerPid: nginx.workerPid,
    sitesFail: probed.some(({ probes }) => probes.some(({ passed }) => !passed)),
    errors,
    upstreams: upstreams.map(({ address }) => address),
  })
  couldNotTell.push(...security.couldNotTell)
  for (const service of fpm) couldNotTell.push(...unreadable(service))
  for (const log of unreadableLogs) couldNotTell.push({ what: `what nginx logged in ${log.path}`, why: log.says })
  const servers = [...sites, ...nginx.proxied.filter(({ isAlsoPhp }) => !isAlsoPhp).map(({ site }) => site)].filter(
    (server) => !options.site || isNamed(server, options.site),
  )
  const reached = new Set(servers.filter(({ listen }) => listen !== null).map(({ serverName }) => serverName))
  for (const { serverName, unreachable } of servers) {
    // A second block of the same name, such as a backup that was left there, is not asked for.
    if (unreachable !== null && !reached.has(serverName))
      couldNotTell.push({ what: `whether ${serverName} answers through nginx`, why: unreachable })
  }
  if (!configTest.ok && (nginx.unit || configTest.why !== 'missing'))
    couldNotTell.push({ what: 'whether nginx accepts its configuration', why: configTest.says })
  if (!journal.ok && nginx.unit) couldNotTell.push({ what: 'the journal of nginx', why: journal.says })
  if (!sessions.ok) couldNotTell.push({ what: 'who was at work as root', why: sessions.says })
  if (!memory) couldNotTell.push({ what: 'how much memory is left', why: '/proc/meminfo could not be read' })
  if (!queues.ok) couldNotTell.push({ what: 'whether requests wait for a worker', why: queues.says })
  if (!nginx.sites.ok && nginx.sites.why !== 'missing')
    couldNotTell.push({ what: 'which sites nginx serves', why: nginx.sites.says })
  const { unit, pidFile, binary, config, master, workerPid, workerPids } = nginx
  const loadedAtMs = await nginxLoadedAtMs(host, master, processes)
  const modifiedMs = capacity.facts.nginx?.configModifiedMs ?? null
  const lastGood = await lastGoodFacts(
    host,
    options.lastGood ?? nothingKept,
    { service: 'nginx', master, configTest, modifiedMs, loadedAtMs },
    (running) => nginxLoad(host, running, processes),
  )
  const addresses = {
    loadedAtMs,
    worker: await workerAccount(host, workerPid),
    passes: nginx.passes.filter(({ site }) => sites.some(({ serverName }) => serverName === site)),
    upstreams,
  }
  const siteFacts: Read<readonly SiteFacts[]> = nginx.sites.ok ? { ok: true, value: probed } : nginx.sites
  return {
    host: host.id,
    takenAtMs,
    fpm,
    nginx: {
      ...{ unit, configTest, journal, pidFile, binary, config, master, workerPid, workerPids },
      ...{ sites: siteFacts, proxied, errors, lastGood },
      ...addresses,
    },
    poolProbes: nginx.sites.ok ? [] : await probePools(host, fpm),
    memory,
    history: options.history ?? new Map(),
    adminSessions: sessions,
    capacity: capacity.facts,
    security: security.facts,
    couldNotTell,
  }
}

const noServices: FpmServices = { services: [], others: [] }

/** Those of sites that fail come first. */
function errorLogsOf(
  nginx: NginxReading,
  probed: readonly Pick<SiteFacts, 'errorLogs' | 'probes'>[],
): readonly string[] {
  const failing = probed.filter(({ probes }) => probes.some(({ passed }) => !passed))
  const all = [...(nginx.sites.ok ? nginx.sites.value : []), ...nginx.proxied.map(({ site }) => site)]
  return [...failing, ...all].flatMap(({ errorLogs }) => errorLogs)
}

function orNote<T>(notes: CouldNotTell[], what: string, read: Read<T>, otherwise: T): T {
  if (read.ok) return read.value
  notes.push({ what, why: read.says })
  return otherwise
}

const mostOddities = 3
const isEmpty = /: nothing matches the include /
const elsewhere = 'see `docker logs`, `kubectl logs` or the log of its supervisor'

function unreadable(facts: FpmFacts): readonly CouldNotTell[] {
  const notes: CouldNotTell[] = []
  const note = (what: string, read: Read<unknown>) => {
    if (!read.ok) notes.push({ what: `${what} of ${facts.service}`, why: read.says })
  }
  note('the configuration', facts.config)
  note('whether FPM accepts the configuration', facts.configTest)
  // What FPM refuses is its own finding, and an include that matches nothing comes to nothing.
  const isAccepted = facts.configTest.ok && facts.configTest.value.passes
  const oddities =
    facts.config.ok && isAccepted ? facts.config.value.oddities.filter((each) => !isEmpty.test(each)) : []
  if (oddities.length > 0)
    notes.push({
      what: `what all of the configuration of ${facts.service} comes to`,
      why: oddities.slice(0, mostOddities).join('; '),
    })
  if (facts.unit) note('the journal', facts.journal)
  if (!facts.log.ok && facts.log.why !== 'missing') note('the log', facts.log)
  // With a unit, the journal has what the log lacks.
  if (!facts.log.ok && facts.log.why === 'missing' && !facts.unit && facts.master)
    notes.push({
      what: `what ${facts.service} logged`,
      why: `${facts.log.says}, which only who started it keeps: ${elsewhere}`,
    })
  if (facts.log.ok && facts.log.value.unread !== undefined)
    notes.push({ what: `what ${facts.service} logged in ${facts.log.value.path}`, why: facts.log.value.unread })
  return notes
}
