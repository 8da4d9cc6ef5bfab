/**
 * For tests: PHP-FPM under systemd, as far as signals, reloads and deaths go (reference B). Requests that a worker loses
 * are counted, a master that reads a bad configuration dies, and time passes only when it is told to.
 */
import type { Host, ProcessFacts } from '../host/host.ts'

interface Worker {
  readonly pid: number
  readonly startTicks: number
  state: string
  /** The request it has ends then; in the past: it is idle. */
  busyUntilMs: number
  quitting: boolean
  /** nginx keeps its connection open: it ends only when that is closed, and a POST may be on its way to it. */
  isKept: boolean
}

export interface SimulatedFpm {
  readonly configPath: string
  readonly poolPath: string
  readonly logPath: string
  nowMs: number
  isUp: boolean
  activeState: 'active' | 'inactive' | 'deactivating' | 'failed'
  result: string
  master: { readonly pid: number; readonly startTicks: number; state: string }
  workers: Worker[]
  /** The pool file as the master has loaded it; null while it is down. */
  loaded: string | null
  loadedAtMs: number | null
  lostRequests: number
  log: string
  journal: string
  /** Text of the pool file now. */
  readPool(): string
}

const pool = 'www'
let pids = 1000

export function simulatedFpm(readPool: () => string, nowMs: number, isUp: boolean): SimulatedFpm {
  const fpm: SimulatedFpm = {
    configPath: '/etc/php/8.2/fpm/php-fpm.conf',
    poolPath: '/etc/php/8.2/fpm/pool.d/www.conf',
    logPath: '/var/log/php8.2-fpm.log',
    nowMs,
    isUp: false,
    activeState: 'failed',
    result: 'signal',
    master: { pid: 0, startTicks: 0, state: 'S' },
    workers: [],
    loaded: null,
    loadedAtMs: null,
    lostRequests: 0,
    log: '',
    journal: '',
    readPool,
  }
  if (isUp) startFpm(fpm)
  return fpm
}

export function startFpm(fpm: SimulatedFpm): boolean {
  if (fpm.isUp) return true
  if (isBadConfig(fpm.readPool())) {
    Object.assign(fpm, { activeState: 'failed', result: 'exit-code' })
    return false
  }
  fpm.master = { pid: ++pids, startTicks: ticksAt(fpm.nowMs), state: 'S' }
  Object.assign(fpm, { isUp: true, activeState: 'active', result: 'success' })
  load(fpm)
  return true
}

export function dieFpm(fpm: SimulatedFpm, result: string): void {
  fpm.lostRequests += busyWorkers(fpm)
  Object.assign(fpm, { isUp: false, activeState: 'failed', result, workers: [], loaded: null, loadedAtMs: null })
}

/** The power failed and came back: an enabled service starts anew. What was in flight is nobody's fault. */
export function bootFpm(fpm: SimulatedFpm): void {
  pending.delete(fpm)
  dieFpm(fpm, 'success')
  fpm.lostRequests = 0
  startFpm(fpm)
}

export function signalFpm(fpm: SimulatedFpm, pid: number, signal: Parameters<Host['signal']>[1]): void {
  if (pid !== fpm.master.pid) {
    const worker = fpm.workers.find((each) => each.pid === pid && each.state !== 'Z')
    if (worker && signal === 'SIGQUIT') worker.quitting = true
    if (worker && signal === 'SIGSTOP') worker.state = 'T'
    if (worker && signal === 'SIGCONT') worker.state = 'S'
    return passTime(fpm, 0)
  }
  if (signal === 'SIGSTOP') fpm.master.state = 'T'
  if (signal === 'SIGUSR2') pending.add(fpm)
  if (signal === 'SIGCONT') fpm.master.state = 'S'
  if (fpm.master.state !== 'T' && pending.delete(fpm)) reload(fpm)
  passTime(fpm, 0)
}

/** SIGUSR2 that a stopped master has not seen yet. */
const pending = new WeakSet<SimulatedFpm>()

export function passTime(fpm: SimulatedFpm, ms: number): void {
  fpm.nowMs += ms
  for (const worker of fpm.workers) {
    const isIdle = worker.busyUntilMs <= fpm.nowMs
    const waits = worker.isKept && worker.busyUntilMs === 0
    if (!worker.quitting || worker.state === 'T' || worker.state === 'Z' || !isIdle || waits) continue
    worker.state = 'Z'
    if (worker.isKept) fpm.lostRequests += 1
  }
  if (!fpm.isUp || fpm.master.state === 'T') return
  const gone = fpm.workers.filter((worker) => worker.state === 'Z').length
  if (gone > 0) fpm.workers = [...fpm.workers.filter((worker) => worker.state !== 'Z'), ...fork(fpm, gone)]
}

/** nginx has closed its idle connections, and keeps those that are busy no longer than their request. */
export function letGoOfWorkers(fpm: SimulatedFpm): void {
  for (const worker of fpm.workers) worker.isKept = false
  passTime(fpm, 0)
}

/** What the second process does: everybody who stands still goes on. */
export function wakeFpm(fpm: SimulatedFpm, master: number): void {
  signalFpm(fpm, master, 'SIGCONT')
  for (const worker of fpm.workers) if (worker.state === 'T') signalFpm(fpm, worker.pid, 'SIGCONT')
}

export function fpmProcesses(fpm: SimulatedFpm): readonly ProcessFacts[] {
  if (!fpm.isUp) return []
  const facts = { cpuTicks: 7, comm: 'php-fpm8.2', uid: 33 }
  const title = `php-fpm: master process (${fpm.configPath})`
  return [
    { ...facts, ...fpm.master, parentPid: 1, title, uid: 0 },
    ...fpm.workers.map(({ pid, startTicks, state }) => ({
      ...facts,
      pid,
      startTicks,
      state,
      parentPid: fpm.master.pid,
      title: state === 'Z' ? '' : `php-fpm: pool ${pool}`,
    })),
  ]
}

export function isBadConfig(text: string): boolean {
  return text.includes('unknown_directive')
}

/** Workers that still have a request are killed by a reload: process_control_timeout is 0 here. */
function reload(fpm: SimulatedFpm): void {
  if (isBadConfig(fpm.readPool())) return dieFpm(fpm, 'exit-code')
  fpm.lostRequests += busyWorkers(fpm)
  load(fpm)
}

function load(fpm: SimulatedFpm): void {
  fpm.loaded = fpm.readPool()
  fpm.loadedAtMs = fpm.nowMs
  fpm.workers = fork(fpm, Number(/pm\.max_children = (\d+)/.exec(fpm.loaded)?.[1] ?? 1))
  fpm.log += `[21-Nov-2026 03:10:00] NOTICE: ready to handle connections\n`
}

function fork(fpm: SimulatedFpm, count: number): Worker[] {
  return Array.from({ length: count }, () => ({
    pid: ++pids,
    startTicks: ticksAt(fpm.nowMs),
    state: 'S',
    busyUntilMs: 0,
    quitting: false,
    isKept: false,
  }))
}

function busyWorkers(fpm: SimulatedFpm): number {
  return fpm.workers.filter((worker) => worker.state !== 'Z' && worker.busyUntilMs > fpm.nowMs).length
}

function ticksAt(nowMs: number): number {
  return Math.floor(nowMs / 10) % 1_000_000_000
}
