/** Finds the PHP-FPM services of a host: units by name, masters by their title, never by a fixed comm or path. */
import type { ProcessFacts, Read, ReadHost } from '../host/host.ts'
import { readFpmTitle } from '../readings/proc.ts'
import {
  readUnitFiles,
  readUnitProperties,
  unitPropertyNames,
  type UnitProperties,
} from '../readings/unit-properties.ts'
import { answerOf } from './answer-of.ts'

/** Debian and sury name a unit per version, RHEL and upstream one for all, Remi by collection. */
const unitPatterns = ['php*-fpm.service', 'php-fpm.service', 'php*-php-fpm.service']

export interface FpmService {
  readonly unit: UnitProperties
  readonly phpVersion: string | null
  readonly binary: string
  readonly configPath: string
  readonly master: ProcessFacts | null
}

export async function findFpmServices(
  host: ReadHost,
  processes: readonly ProcessFacts[],
): Promise<Read<readonly FpmService[]>> {
  const files = await answerOf(host, { tool: 'unit-files', patterns: unitPatterns })
  if (!files.ok) return files
  const names = [...new Set(readUnitFiles(files.value).map((file) => file.service))].toSorted()
  if (names.length === 0) return { ok: true, value: [] }
  const shown = await answerOf(host, { tool: 'unit-properties', services: names, properties: unitPropertyNames })
  if (!shown.ok) return shown
  const units = readUnitProperties(shown.value).filter((unit) => unit.loadState !== 'not-found')
  return { ok: true, value: await Promise.all(units.map((unit) => describe(host, unit, processes))) }
}

async function describe(host: ReadHost, unit: UnitProperties, processes: readonly ProcessFacts[]): Promise<FpmService> {
  const main = processes.find((process) => process.pid === unit.mainPid && unit.mainPid > 0)
  const title = main && readFpmTitle(main.title)
  const master = main && title?.is === 'master' ? main : null
  const running = master && (await host.readLink(`/proc/${master.pid}/exe`))
  const binary = running?.ok ? running.value.replace(/ \(deleted\)$/, '') : execStartBinary(unit)
  const phpVersion = /(\d\.\d)/.exec(binary)?.[1] ?? /(\d\.\d)/.exec(unit.service)?.[1] ?? null
  const configPath =
    (title?.is === 'master' ? title.config : null) ??
    /--fpm-config[= ]([^ ;]+)/.exec(unit.execStart)?.[1] ??
    defaultConfig(binary, phpVersion)
  return { unit, phpVersion, binary, configPath, master }
}

/** `{ path=/usr/sbin/php-fpm8.2 ; argv[]=… }`, as `systemctl show` prints ExecStart; a masked unit has none. */
function execStartBinary({ execStart, service }: UnitProperties): string {
  const versioned = /^php(\d+\.\d+)-fpm$/.exec(service)?.[1] ?? ''
  return /path=([^ ;]+)/.exec(execStart)?.[1] ?? `/usr/sbin/php-fpm${versioned}`
}

function defaultConfig(binary: string, phpVersion: string | null): string {
  const collection = /^\/opt\/(remi\/php\d+)\//.exec(binary)?.[1]
  if (collection !== undefined) return `/etc/opt/${collection}/php-fpm.conf`
  return phpVersion ? `/etc/php/${phpVersion}/fpm/php-fpm.conf` : '/etc/php-fpm.conf'
}
