/** Reads one PHP-FPM service: its configuration, what FPM says of it, its pools, its journal and its log. */
import type { ProcessFacts, Read, ReadHost } from '../host/host.ts'
import { bytesOf, textOf } from '../readings/bytes.ts'
import { withoutComments } from '../readings/fpm-comments.ts'
import { readFpmConfig, type FpmConfig, type FpmPool } from '../readings/fpm-config.ts'
import { readFpmLog } from '../readings/fpm-log.ts'
import { fpmBoolean } from '../readings/fpm-values.ts'
import { readJournal, type JournalEntry } from '../readings/journal.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import { answerOf } from './answer-of.ts'
import { readWithFiles } from './config-files.ts'
import { fpmLoad } from './config-load.ts'
import type { FpmFacts } from './host-facts.ts'
import type { FpmService } from './fpm-services.ts'
import { leftPidFile } from './fpm-pid-file.ts'
import { fpmPrefix } from './fpm-prefix.ts'
import { lastGoodFacts, nothingKept, type LastGoodSource } from './last-good-facts.ts'
import { fpmStamps } from '../readings/log-stamps.ts'
import { localTimeMs } from '../readings/log-time.ts'
import { readLogWindow, type WantedLog } from './log-window.ts'
import { poolFacts, readMemory, realListen, type QueueSamples } from './pool-facts.ts'
import { startedAtMs } from './started-at.ts'

const journalLines = 200
/** The longest look back is that of `pool-undersized`; a log that is old and short also tells of the last start. */
const wantedLog: WantedLog = {
  stamps: fpmStamps,
  windowMs: 60 * 60_000,
  tailBytes: 256 * 1024,
  limitBytes: 1024 * 1024,
  anyAge: true,
}
/** What causes rest on. */
const neededLogMs = 10 * 60_000

export interface FpmReading {
  readonly service: FpmService
  readonly config: Read<FpmConfig>
  /** Under way: testing a configuration takes longer than most of a look. */
  readonly said: Promise<Pick<FpmFacts, 'configTest' | 'journal'>>
}

export async function readFpm(host: ReadHost, service: FpmService): Promise<FpmReading> {
  const { unit } = service
  const config = await readConfig(host, service)
  const said = Promise.all([
    testConfig(host, service, config.ok ? config.value.files : []),
    unit ? readUnitJournal(host, unit) : noUnit,
  ]).then(([configTest, journal]) => ({ configTest, journal }))
  // Whoever waits for it gets the error; somebody may have been stopped by another one before.
  said.catch(() => undefined)
  return { service, config, said }
}

export async function fpmFacts(
  host: ReadHost,
  { service, config, said }: FpmReading,
  processes: readonly ProcessFacts[],
  queues: QueueSamples,
  kept: LastGoodSource = nothingKept,
): Promise<FpmFacts> {
  const { unit, phpVersion, binary, configPath, master } = service
  const { configTest, journal } = await said
  const [pools, log, masterMemory, dropIns, configModifiedMs, mask, pidFile] = await Promise.all([
    poolFacts(host, service, config, processes, queues),
    readLog(host, service, config),
    master ? readMemory(host, master.pid) : null,
    readDropIns(host, unit?.dropInPaths ?? []),
    newestChange(host, config),
    readMask(host, service),
    unit || master ? null : leftPidFile(host, config, fpmPrefix(binary)),
  ])
  const startedMs = unit ? unit.execMainStartedMs : master && (await startedAtMs(host, master.startTicks))
  const loadedAtMs = lastLoad(service, pools, log, startedMs)
  const listensOn = await listenersOf(host, master, queues)
  const inQuestion = { service: service.service, master, configTest, modifiedMs: configModifiedMs, loadedAtMs }
  const lastGood = await lastGoodFacts(host, kept, inQuestion, (running, path) => fpmLoad(host, running, path))
  const where = { service: service.service, phpVersion, unit, mask, dropIns, binary, configPath }
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
    pidFile,
    log,
    lastGood,
  }
}

const noUnit = { ok: false, why: 'missing', says: 'no unit of systemd runs it' } as const

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
  if (!unit?.loadState.startsWith('masked')) return null
  // systemd 247 shows where the link leads to, /dev/null, and no longer the link.
  const links = ['/etc/systemd/system', '/run/systemd/system'].map((folder) => `${folder}/${unit.service}.service`)
  for (const path of [unit.fragmentPath, ...links].filter((each) => each.endsWith('.service'))) {
    const [stat, target] = await Promise.all([host.stat(path), host.readLink(path)])
    if (stat.ok) return { path, leadsTo: target.ok ? target.value : 'nothing', madeAtMs: stat.value.modifiedMs }
  }
  return null
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
function lastLoad(
  service: FpmService,
  pools: FpmFacts['pools'],
  log: FpmFacts['log'],
  startedMs: number | null,
): number | null {
  if (!service.master) return null
  const status = pools.map((pool) => pool.status).find((candidate) => candidate.ok)
  if (status?.ok) return status.value.startTimeS * 1000
  const ready = log.ok
    ? log.value.entries.findLast((entry) => entry.event === 'ready' && entry.localTime !== null)
    : undefined
  const readyMs = localTimeMs(ready?.localTime ?? null)
  return Math.max(readyMs, startedMs ?? 0) || null
}

async function readConfig(host: ReadHost, service: FpmService): Promise<Read<FpmConfig>> {
  const prefix = fpmPrefix(service.binary)
  const reading = await readWithFiles(host, (sources) =>
    readFpmConfig(service.configPath, sources.read, sources.glob, prefix),
  )
  return reading.ok ? reading : { ok: false, why: 'failed', says: reading.says }
}

async function testConfig(
  host: ReadHost,
  service: FpmService,
  files: FpmConfig['files'],
): Promise<FpmFacts['configTest']> {
  const test = await host.ask({
    tool: 'fpm-config-test',
    binary: service.binary,
    config: service.configPath,
    planned: new Map(),
    abridged: new Map(files.map(({ path, text }) => [path, bytesOf(withoutComments(text))])),
  })
  if (!test.ok) return test
  const says = textLines(test.value.stderr)
  return { ok: true, value: { passes: test.value.exitCode === 0, exitCode: test.value.exitCode, says } }
}

/** Of a unit that is up nothing is asked: findings rest on its journal only where it went down. */
async function readUnitJournal(
  host: ReadHost,
  { service, activeState }: UnitProperties,
): Promise<Read<readonly JournalEntry[]>> {
  if (activeState === 'active') return { ok: true, value: [] }
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
  // `/proc/self/fd/2`, as in the official images, is FPM's own standard error, and would be ours.
  if (path !== undefined && /^\/(proc|dev)\//.test(path)) return { ok: false, why: 'missing', says: toStandardError }
  if (!path?.startsWith('/')) return { ok: false, why: 'missing', says: `FPM logs to ${path ?? 'nowhere known'}` }
  const log = await readLogWindow(host, path, wantedLog)
  if (!log.ok) return log
  const { text, missing } = log.value
  if (config.ok && config.value.pools.some(writesUndecorated))
    return { ok: true, value: { path, entries: [], unread: anyonesLines } }
  const isShort = missing !== null && wantedLog.windowMs - missing.ms < neededLogMs
  return { ok: true, value: { path, entries: readFpmLog(text), ...(isShort && { unread: missing.says }) } }
}

/** Then whatever a script writes stands in the log as it is, and may be a line as FPM writes it. */
function writesUndecorated({ directives }: FpmPool): boolean {
  const value = (name: string, unset: string) => fpmBoolean(directives.get(name)?.value ?? unset)
  return value('catch_workers_output', 'no') === true && value('decorate_workers_output', 'yes') === false
}

const anyonesLines =
  'scripts write into it as FPM does (decorate_workers_output = no), so that its lines prove nothing: set it to yes'

/** Where it ends up is known to whoever started the master. */
const toStandardError = 'FPM logs to its standard error'

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
