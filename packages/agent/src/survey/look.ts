/** One look at a host: everything that diagnoses and remediations may rest on, read once and only read. */
import type { CouldNotTell } from '@fleetmend/shared'
import type { Read, ReadHost } from '../host/host.ts'
import { isNamed } from '../readings/is-named.ts'
import type { FpmFacts, HostFacts, SiteFacts } from './host-facts.ts'
import { fpmFacts } from './fpm-facts.ts'
import { findFpmServices } from './fpm-services.ts'
import { memoryFacts } from './memory-facts.ts'
import { nginxFacts } from './nginx-facts.ts'
import { probeSites } from './probe-sites.ts'
import { sampleQueues } from './queue-samples.ts'

export interface LookOptions {
  /** Only sites of this `server_name` are probed and reported. */
  readonly site?: string
}

export async function look(host: ReadHost, options: LookOptions = {}): Promise<HostFacts> {
  const takenAtMs = host.nowMs()
  const couldNotTell: CouldNotTell[] = []
  const processes = orNote(couldNotTell, 'the processes of this host', await host.processes(), [])
  const found = await findFpmServices(host, processes)
  const services = orNote(couldNotTell, 'which PHP-FPM services there are', found, [])
  const [nginx, memory, queues] = await Promise.all([
    nginxFacts(host, processes),
    memoryFacts(host, services),
    sampleQueues(host),
  ])
  const sites = nginx.sites.ok ? nginx.sites.value.filter((site) => !options.site || isNamed(site, options.site)) : []
  const [fpm, probed] = await Promise.all([
    Promise.all(services.map((service) => fpmFacts(host, service, processes, queues))),
    probeSites(host, sites, nginx.workerPid),
  ])
  for (const service of fpm) couldNotTell.push(...unreadable(service))
  for (const log of nginx.unreadableLogs) couldNotTell.push({ what: `what nginx logged in ${log.path}`, why: log.says })
  for (const { serverName, unreachable } of sites) {
    if (unreachable !== null)
      couldNotTell.push({ what: `whether ${serverName} answers through nginx`, why: unreachable })
  }
  if (!memory) couldNotTell.push({ what: 'how much memory is left', why: '/proc/meminfo could not be read' })
  if (!queues.ok) couldNotTell.push({ what: 'whether requests wait for a worker', why: queues.says })
  if (!nginx.sites.ok && nginx.unit) couldNotTell.push({ what: 'which sites nginx serves', why: nginx.sites.says })
  const { unit, master, workerPid, errors } = nginx
  const siteFacts: Read<readonly SiteFacts[]> = nginx.sites.ok ? { ok: true, value: probed } : nginx.sites
  return {
    host: host.id,
    takenAtMs,
    fpm,
    nginx: { unit, master, workerPid, sites: siteFacts, errors },
    memory,
    couldNotTell,
  }
}

function orNote<T>(notes: CouldNotTell[], what: string, read: Read<T>, otherwise: T): T {
  if (read.ok) return read.value
  notes.push({ what, why: read.says })
  return otherwise
}

function unreadable(facts: FpmFacts): readonly CouldNotTell[] {
  const notes: CouldNotTell[] = []
  const note = (what: string, read: Read<unknown>) => {
    if (!read.ok) notes.push({ what: `${what} of ${facts.service}`, why: read.says })
  }
  note('the configuration', facts.config)
  note('whether FPM accepts the configuration', facts.configTest)
  note('the journal', facts.journal)
  if (!facts.log.ok && facts.log.why !== 'missing') note('the log', facts.log)
  return notes
}
