/** Reads one PHP-FPM service: its configuration, what FPM says of it, its pools, its journal and its log. */
import type { ProcessFacts, Read, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { readFpmConfig, type FpmConfig } from '../readings/fpm-config.ts'
import { readFpmLog } from '../readings/fpm-log.ts'
import { readJournal, type JournalEntry } from '../readings/journal.ts'
import { answerOf } from './answer-of.ts'
import { readWithFiles } from './config-files.ts'
import type { FpmFacts } from './host-facts.ts'
import type { FpmService } from './fpm-services.ts'
import { fpmPrefix } from './fpm-prefix.ts'
import { localTimeMs } from '../readings/log-time.ts'
import { poolFacts, readMemory, realListen, type QueueSamples } from './pool-facts.ts'

const journalLines = 200
const logTailBytes = 256 * 1024

export async function fpmFacts(
  host: ReadHost,
  service: FpmService,
  processes: readonly ProcessFacts[],
  queues: QueueSamples,
): Promise<FpmFacts> {
  const { unit, phpVersion, binary, configPath, master } = service
  const [config, configTest, journal] = await Promise.all([
    readConfig(host, service),
    testConfig(host, service),
    readUnitJournal(host, unit.service),
  ])
  const [pools, log, masterMemory, dropIns, configModifiedMs, mask] = await Promise.all([
    poolFacts(host, service, config, processes, queues),
    readLog(host, service, config),
    master ? readMemory(host, master.pid) : null,
    readDropIns(host, unit.dropInPaths),
    newestChange(host, config),
    readMask(host, service),
  ])
  const loadedAtMs = lastLoad(service, pools, log)
  const listensOn = await listenersOf(host, master, queues)
  const where = { service: unit.service, phpVersion, unit, mask, dropIns, binary, configPath }
  return {
    ...where,
    config,
    configModifiedMs,
    loadedAtMs,
    listensOn,
    configTest,
    master,
    masterMemory,
    pools,
    journal,
    log,
  }
}

/** By the newest look at the kernel's list; a socket that was bound by way of a link counts under its real name. */
async function listenersOf(
  host: ReadHost,
  master: ProcessFacts | null,
  queues: QueueSamples,
): Promise<FpmFacts['listensOn']> {
  const newest = queues.ok ? (queues.value.at(-1) ?? []) : []
  const own = newest.filter(({ pids }) => master !== null && pids.includes(master.pid))
  const real = await Promise.all(own.map(({ address }) => realListen(host, address)))
  return real.filter((address) => address !== null)
}

async function readMask(host: ReadHost, { unit }: FpmService): Promise<FpmFacts['mask']> {
  if (!unit.loadState.startsWith('masked') || unit.fragmentPath === '') return null
  const path = unit.fragmentPath
  const [stat, target] = await Promise.all([host.stat(path), host.readLink(path)])
  return stat.ok ? { path, leadsTo: target.ok ? target.value : 'nothing', madeAtMs: stat.value.modifiedMs } : null
}

async function readDropIns(host: ReadHost, paths: readonly string[]): Promise<FpmFacts['dropIns']> {
  const texts = await Promise.all(paths.map(async (path) => ({ path, read: await host.readFile(path) })))
  return texts.flatMap(({ path, read }) => (read.ok ? [{ path, text: textOf(read.value) }] : []))
}

async function newestChange(host: ReadHost, config: Read<FpmConfig>): Promise<number | null> {
  if (!config.ok) return null
  return Math.max(...(await Promise.all(config.value.files.map((file) => modifiedMs(host, file.path)))))
}

/** A link can be changed, and so can what it leads to. */
async function modifiedMs(host: ReadHost, path: string): Promise<number> {
  const real = await host.resolve(path)
  const stats = await Promise.all([path, ...(real.ok ? [real.value] : [])].map((each) => host.stat(each)))
  return Math.max(...stats.map((stat) => (stat.ok ? stat.value.modifiedMs : 0)))
}

/**
 * The status page knows it to the second, the log has a line for it, and without either there is the start of the
 * master, which a reload does not move.
 */
function lastLoad(service: FpmService, pools: FpmFacts['pools'], log: FpmFacts['log']): number | null {
  if (!service.master) return null
  const status = pools.map((pool) => pool.status).find((candidate) => candidate.ok)
  if (status?.ok) return status.value.startTimeS * 1000
  const ready = log.ok
    ? log.value.entries.findLast((entry) => entry.event === 'ready' && entry.localTime !== null)
    : undefined
  const readyMs = localTimeMs(ready?.localTime ?? null)
  return Math.max(readyMs, service.unit.execMainStartedMs ?? 0) || null
}

async function readConfig(host: ReadHost, service: FpmService): Promise<Read<FpmConfig>> {
  const prefix = fpmPrefix(service.binary)
  const reading = await readWithFiles(host, (sources) =>
    readFpmConfig(service.configPath, sources.read, sources.glob, prefix),
  )
  return reading.ok ? reading : { ok: false, why: 'failed', says: reading.says }
}

async function testConfig(host: ReadHost, service: FpmService): Promise<FpmFacts['configTest']> {
  const test = await host.ask({
    tool: 'fpm-config-test',
    binary: service.binary,
    config: service.configPath,
    planned: new Map(),
  })
  if (!test.ok) return test
  const says = textLines(test.value.stderr)
  return { ok: true, value: { passes: test.value.exitCode === 0, exitCode: test.value.exitCode, says } }
}

async function readUnitJournal(host: ReadHost, service: string): Promise<Read<readonly JournalEntry[]>> {
  const journal = await answerOf(host, { tool: 'unit-journal', service, lines: journalLines })
  return journal.ok ? { ok: true, value: readJournal(journal.value).entries } : journal
}

/**
 * The log is what the running master has open (its fd 2 after start-up), or what the configuration names. A name from
 * the configuration is root's own word; names found in logs are never followed.
 */
async function readLog(host: ReadHost, service: FpmService, config: Read<FpmConfig>): Promise<FpmFacts['log']> {
  const open = service.master && (await host.readLink(`/proc/${service.master.pid}/fd/2`))
  const named = config.ok ? config.value.global.get('error_log')?.value : undefined
  const path = open?.ok && isPlainFile(open.value) ? open.value : named
  if (path === undefined && !config.ok) return { ok: false, why: 'failed', says: `where it is: ${config.says}` }
  if (!path?.startsWith('/')) return { ok: false, why: 'missing', says: `FPM logs to ${path ?? 'nowhere known'}` }
  const tail = await host.readTail(path, logTailBytes)
  return tail.ok ? { ok: true, value: { path, entries: readFpmLog(textOf(tail.value.bytes)) } } : tail
}

function isPlainFile(target: string): boolean {
  return (
    target.startsWith('/') &&
    !target.startsWith('/dev/') &&
    !target.startsWith('/proc/') &&
    !target.endsWith(' (deleted)')
  )
}

function textLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
}
