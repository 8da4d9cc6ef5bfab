/** What a plan may change of a host, taken before it is applied and after it was rolled back, and how the two differ. */
import type { Snapshot } from '../../lab/snapshot.ts'
import type { Host } from './host-kit.ts'

export interface HostState {
  readonly files: Snapshot
  /** Unit → `systemctl show` of what drop-ins and `systemctl` itself set. */
  readonly units: Readonly<Record<string, string>>
}

/** Configuration, and where sockets are; /srv for files that are links. */
const folders = ['/etc', '/run/php', '/run/php-fpm', '/srv']

/** Made and removed by services as they start and stop: pid files, Debian's link to "the" PHP-FPM, RuntimeDirectory=. */
const ownOfServices = /\.pid$|\/php-fpm\.sock$|^\/run\/php-fpm$/

const properties = [
  ...['LoadState', 'UnitFileState', 'FragmentPath', 'DropInPaths', 'Restart', 'RestartUSec', 'OOMPolicy'],
  ...['StartLimitIntervalUSec', 'StartLimitBurst', 'ExecStartPre', 'ExecReload', 'LimitNOFILE', 'LimitNPROC'],
  ...['TasksMax', 'MemoryMax', 'MemoryHigh', 'PrivateTmp'],
]

export async function takeHostState(host: Host, units: readonly string[]): Promise<HostState> {
  const [files, ...shown] = await Promise.all([
    host.snapshot(folders),
    ...units.map((unit) => host.must(['systemctl', 'show', `--property=${properties.join(',')}`, unit])),
  ])
  return {
    files: Object.fromEntries(Object.entries(files).filter(([path]) => !ownOfServices.test(path))),
    units: Object.fromEntries(units.map((unit, i) => [unit, settings(shown[i] ?? '')])),
  }
}

/** A sentence each. */
export function differences(before: HostState, after: HostState): readonly string[] {
  const files = differing(before.files, after.files).map((path) => {
    const [was, is] = [before.files[path], after.files[path]]
    if (!was) return `${path} is new`
    return is ? `${path} is ${JSON.stringify(is)} and was ${JSON.stringify(was)}` : `${path} is gone`
  })
  const units = differing(before.units, after.units).map((unit) => {
    const was = new Set(before.units[unit]?.split('\n'))
    return `${unit} has ${(after.units[unit] ?? '')
      .split('\n')
      .filter((line) => !was.has(line))
      .join(', ')}`
  })
  return [...files, ...units]
}

function differing(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).toSorted()
}

/** A command is shown with when it ran last. */
function settings(shown: string): string {
  return shown.replaceAll(/ ; start_time=.*$/gm, '').trim()
}
