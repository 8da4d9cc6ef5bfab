/** A state for each remediation in which it has something to do: the table from which everything that can be cut off is made. */
import { socketUnlinked } from '../faults/address/socket-unlinked.ts'
import { scriptNameNotSent } from '../faults/response/script-name-not-sent.ts'
import { badLineNotLoaded } from '../faults/risk/bad-line-not-loaded.ts'
import { keepConnections } from '../faults/kept-site.ts'
import { killMaster, namesOf, type Host } from '../faults/host-kit.ts'

export interface CrashCase {
  readonly remediation: string
  /** As `--input` takes them. */
  readonly input: readonly string[]
  /** Brings a host there; left out: as shipped. */
  break?(host: Host): Promise<unknown>
}

const { unit } = namesOf('debian12')
const service = `service=${unit}`
const pool = `pool=${unit}/www`

/** The first has changes, a check and an act: what is the same for all is walked with it. */
export const crashCases: readonly CrashCase[] = [
  { remediation: 'tune-pool', input: [pool, 'maxChildren=8'] },
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
  { remediation: 'restore-config', input: [service], break: badLineNotLoaded.inject },
]
