/**
 * The units that matter here: those of PHP-FPM, by the names that packages give them, and nginx's. They are found by their
 * files, which is what `systemctl list-unit-files` does, and shown all at once.
 */
import type { Read, ReadHost } from '../host/host.ts'
import { nginxUnit, readUnitProperties, unitPropertyNames, type UnitProperties } from '../readings/unit-properties.ts'
import { answerOf } from './answer-of.ts'
import { runsSystemd } from './runs-systemd.ts'

export interface Units {
  /** In the order of their names. */
  readonly fpm: readonly UnitProperties[]
  readonly nginx: UnitProperties | null
}

/** Debian and sury name a unit per version, RHEL and upstream one for all, Remi by collection. */
const fpmUnit = /^(php[^@]*-fpm)\.service$/

/** systemd.unit(5), the load path of the system manager. */
const loadPath = [
  ...['/etc/systemd/system.control', '/run/systemd/system.control', '/run/systemd/transient'],
  ...['/run/systemd/generator.early', '/etc/systemd/system', '/run/systemd/system', '/run/systemd/generator'],
  ...['/usr/local/lib/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system', '/run/systemd/generator.late'],
]

const none: Units = { fpm: [], nginx: null }

export async function readUnits(host: ReadHost): Promise<Read<Units>> {
  if (!(await runsSystemd(host))) return { ok: true, value: none }
  const folders = await Promise.all(loadPath.map((path) => host.list(path)))
  const files = folders.flatMap((folder) => (folder.ok ? folder.value : []))
  const names = [...new Set(files.flatMap((file) => fpmUnit.exec(file)?.[1] ?? []))].toSorted()
  const shown = await answerOf(host, {
    tool: 'unit-properties',
    services: [...names, nginxUnit],
    properties: unitPropertyNames,
  })
  if (!shown.ok) return shown
  const units = readUnitProperties(shown.value).filter(({ loadState }) => loadState !== 'not-found')
  // A name may be another's: both show the same unit.
  const fpm = new Map(units.filter(({ service }) => service !== nginxUnit).map((unit) => [unit.service, unit]))
  return {
    ok: true,
    value: { fpm: [...fpm.values()], nginx: units.find(({ service }) => service === nginxUnit) ?? null },
  }
}
