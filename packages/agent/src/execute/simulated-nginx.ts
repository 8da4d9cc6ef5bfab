/** For tests: an nginx that keeps connections to the workers of a simulated PHP-FPM, until it is reloaded. */
import type { ProcessFacts, ProcessIdentity } from '../host/host.ts'
import { letGoOfWorkers, type SimulatedFpm } from './simulated-fpm.ts'

export interface SimulatedNginx {
  readonly master: ProcessIdentity
  worker: ProcessIdentity
}

let pids = 500

export function simulatedNginx(fpm: SimulatedFpm): SimulatedNginx {
  for (const worker of fpm.workers) worker.isKept = true
  return { master: born(), worker: born() }
}

/** SIGHUP: a new worker, and the old one has closed what it kept. */
export function reloadNginxOf(nginx: SimulatedNginx, fpm: SimulatedFpm): void {
  nginx.worker = born()
  letGoOfWorkers(fpm)
}

export function nginxProcesses({ master, worker }: SimulatedNginx): readonly ProcessFacts[] {
  const facts = { cpuTicks: 7, comm: 'nginx', state: 'S' }
  return [
    { ...facts, ...master, parentPid: 1, uid: 0, title: 'nginx: master process /usr/sbin/nginx' },
    { ...facts, ...worker, parentPid: master.pid, uid: 33, title: 'nginx: worker process' },
  ]
}

export function nginxUnitText({ master }: SimulatedNginx): string {
  return `Id=nginx.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nMainPID=${master.pid}`
}

function born(): ProcessIdentity {
  pids += 1
  return { pid: pids, startTicks: pids }
}
