/**
 * Finds the PHP-FPM services of a host: units by name, masters that no unit runs by their title, and what is installed and
 * does not run; never by a fixed comm or path.
 */
import type { CouldNotTell } from '@fleetmend/shared'
import type { ProcessFacts, ReadHost } from '../host/host.ts'
import { readFpmTitle } from '../readings/proc.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import { installedFpms, packagedConfig, packagedName, versionOf, type InstalledFpm } from './fpm-installed.ts'
import { findFpmMasters, withoutDeleted, type FpmMaster } from './fpm-masters.ts'
import type { Units } from './units.ts'

export interface FpmService {
  /** The unit's name, or what a package would call it: `php8.2-fpm`, `php-fpm`. */
  readonly service: string
  /** Null where systemd does not run it: in a container, by an init script, by a supervisor, by hand. */
  readonly unit: UnitProperties | null
  readonly phpVersion: string | null
  readonly binary: string
  readonly configPath: string
  /** Mostly the unit's main process; one that was started beside its unit, with its configuration, stands in for it. */
  readonly master: ProcessFacts | null
}

export interface FpmServices {
  readonly services: readonly FpmService[]
  /** Masters that are none of this host's services, and why. */
  readonly others: readonly CouldNotTell[]
}

export async function findFpmServices(
  host: ReadHost,
  processes: readonly ProcessFacts[],
  units: Units,
): Promise<FpmServices> {
  const ofUnits = await Promise.all(units.fpm.map((unit) => ofUnit(host, unit, processes)))
  const mains = new Set(ofUnits.flatMap(({ master }) => (master ? [master.pid] : [])))
  const masters = await findFpmMasters(host, processes, mains)
  const services = ofUnits.map((service) => withStandIn(service, masters.own))
  const standIns = new Set(services.flatMap(({ master }) => (master ? [master.pid] : [])))
  const alone = masters.own.filter(({ process }) => !standIns.has(process.pid))
  const known = new Set([...services, ...alone].map(({ configPath }) => configPath))
  const idle = (await installedFpms(host)).filter(({ configPath }) => !known.has(configPath))
  // Who runs with the configuration of its package has the first claim on its name.
  const asPackaged = alone.filter(({ binary, configPath }) => configPath === packagedConfig(binary))
  const all = [...new Set([...asPackaged, ...alone]), ...idle].reduce(withoutUnit, services)
  return { services: all, others: masters.others }
}

async function ofUnit(host: ReadHost, unit: UnitProperties, processes: readonly ProcessFacts[]): Promise<FpmService> {
  const { service } = unit
  const master = mainProcess(unit, processes)
  const title = master && readFpmTitle(master.title)
  const running = master && (await host.readLink(`/proc/${master.pid}/exe`))
  const binary = running?.ok ? withoutDeleted(running.value) : execStartBinary(unit)
  const phpVersion = versionOf(binary, service)
  const configPath =
    (title?.is === 'master' ? title.config : null) ??
    /--fpm-config[= ]([^ ;]+)/.exec(unit.execStart)?.[1] ??
    packagedConfig(binary, phpVersion)
  return { service, unit, phpVersion, binary, configPath, master }
}

/** What the unit runs, where that is FPM, or what a wrapper that the unit runs has started. */
function mainProcess({ mainPid }: UnitProperties, processes: readonly ProcessFacts[]): ProcessFacts | null {
  if (mainPid <= 0) return null
  const masters = processes.filter(({ title }) => readFpmTitle(title)?.is === 'master')
  return masters.find(({ pid }) => pid === mainPid) ?? masters.find(({ parentPid }) => parentPid === mainPid) ?? null
}

/** `{ path=/usr/sbin/php-fpm8.2 ; argv[]=… }`, as `systemctl show` prints ExecStart; a masked unit has none. */
function execStartBinary({ execStart, service }: UnitProperties): string {
  const versioned = /^php(\d+\.\d+)-fpm$/.exec(service)?.[1] ?? ''
  return /path=([^ ;]+)/.exec(execStart)?.[1] ?? `/usr/sbin/php-fpm${versioned}`
}

/** A unit that is down, while somebody has started FPM with its configuration by hand. */
function withStandIn(service: FpmService, masters: readonly FpmMaster[]): FpmService {
  if (service.master || (service.unit?.mainPid ?? 0) > 0) return service
  const standIn = masters.find(({ configPath }) => configPath === service.configPath)
  return standIn ? { ...service, binary: standIn.binary, master: standIn.process } : service
}

/** Adds one that no unit runs, under a name that no other has. */
function withoutUnit(services: readonly FpmService[], found: FpmMaster | InstalledFpm): readonly FpmService[] {
  const { binary, configPath } = found
  const named = (name: string) => services.some(({ service }) => service === name)
  const name = packagedName(binary)
  const byConfig = `${name}@${configPath
    .slice(1)
    .replaceAll('/', '-')
    .replace(/[^A-Za-z0-9:_.-]/g, '_')}`.slice(0, 190)
  const names = [name, byConfig, ...services.map((_, i) => `${byConfig}.${i + 2}`)]
  const service = names.find((each) => !named(each)) ?? name
  const master = 'process' in found ? found.process : null
  return [...services, { service, unit: null, phpVersion: versionOf(binary), binary, configPath, master }]
}
