/** A state for each remediation in which it has something to do: the table from which everything that can be cut off is made. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fpmMovedReloaded } from '../faults/address/fpm-moved-reloaded.ts'
import { socketOwnedByRoot } from '../faults/address/socket-owned-by-root.ts'
import { socketUnlinked } from '../faults/address/socket-unlinked.ts'
import { tcpPoolRefusesNginx } from '../faults/address/tcp-pool-refuses-nginx.ts'
import { scriptNameNotSent } from '../faults/response/script-name-not-sent.ts'
import { badLineNotLoaded } from '../faults/risk/bad-line-not-loaded.ts'
import { keepConnections } from '../faults/kept-site.ts'
import { applyBefore, newestOf } from './applied-before.ts'
import { killMaster, namesOf, restartFpm, setFpm, type Host } from '../faults/host-kit.ts'

export interface CrashCase {
  readonly remediation: string
  /** As `--input` takes them; where they name what the host has done, they are asked of it once it is broken. */
  readonly input: readonly string[] | ((host: Host) => Promise<readonly string[]>)
  /** Brings a host there; left out: as shipped. */
  break?(host: Host): Promise<unknown>
}

const { unit } = namesOf('debian12')
const service = `service=${unit}`
const pool = `pool=${unit}/www`

/** It has changes, a check and an act: what is the same for all is walked with it. */
export const firstCase: CrashCase = { remediation: 'tune-pool', input: [pool, 'maxChildren=8'] }

/** Over the same file, to another end. */
export const rivalOfFirst: CrashCase = { remediation: 'tune-pool', input: [pool, 'maxChildren=10'] }

/** It edits a file and makes one, which an undo writes and removes. */
const slowlog: CrashCase = { remediation: 'enable-slowlog', input: [pool] }

export const crashCases: readonly CrashCase[] = [
  firstCase,
  { remediation: 'restart-on-failure', input: [service] },
  { remediation: 'reload-fpm', input: [service] },
  { remediation: 'make-reload-graceful', input: [service] },
  { remediation: 'start-service', input: [service], break: killMaster },
  { remediation: 'restart-fpm', input: [service, 'anyway=true'] },
  { remediation: 'reload-nginx', input: [] },
  {
    remediation: 'enable-service',
    input: [service, 'startStopped=true'],
    break: (host) => host.must(['systemctl', 'disable', '--quiet', host.unit]),
  },
  {
    remediation: 'unmask-service',
    input: [service, 'startStopped=true'],
    break: (host) => host.must(['systemctl', 'mask', '--quiet', host.unit]),
  },
  { remediation: 'recreate-socket', input: [pool], break: socketUnlinked.inject },
  { remediation: 'raise-header-buffers', input: [pool, 'bufferKiB=32'] },
  { remediation: 'align-timeouts', input: [pool, 'limitS=30'] },
  { remediation: 'raise-limits', input: ['service=nginx', 'limit=connections'] },
  { remediation: 'disable-fastcgi-keepalive', input: [pool], break: (host) => keepConnections(host, 2) },
  { remediation: 'fix-script-filename', input: [pool], break: scriptNameNotSent.inject },
  {
    remediation: 'restore-config',
    input: [service],
    break: async (host) => {
      // What was written in the very second of a restart is not known to be loaded.
      await sleep(1100)
      await restartFpm(host)
      await host.must(['/usr/bin/fleetmend-agent', 'internal-sample-targets'])
      await badLineNotLoaded.inject(host)
    },
  },
  { remediation: 'add-upstream-log', input: [] },
  { remediation: 'enable-status-page', input: [pool] },
  slowlog,
  { remediation: 'align-upstream', input: ['site=shop.example', pool], break: fpmMovedReloaded.inject },
  { remediation: 'allow-client', input: [pool], break: tcpPoolRefusesNginx.inject },
  { remediation: 'fix-socket-access', input: [pool], break: socketOwnedByRoot.inject },
  {
    remediation: 'raise-backlog',
    input: [pool],
    break: async (host) => {
      await setFpm(host, host.pool, 'listen.backlog', '5')
      await restartFpm(host)
    },
  },
  {
    remediation: 'undo-apply',
    input: async (host) => [`apply=${await newestOf(host, slowlog.remediation)}`],
    break: (host) => applyBefore(host, slowlog),
  },
]
