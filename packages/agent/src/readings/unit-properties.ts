/** `systemctl show` in UTC: blocks of `Key=value`, one a unit, separated by blank lines. */

export interface UnitProperties {
  /** Without `.service`. */
  readonly service: string
  readonly loadState: string
  readonly activeState: string
  readonly subState: string
  readonly unitFileState: string
  /** Units that are loaded and start this one: targets, sockets, timers. */
  readonly startedBy: readonly string[]
  readonly result: string
  readonly mainPid: number
  /** Of the main process that runs, or of the last one that did. */
  readonly execMainPid: number
  readonly restart: string
  readonly restartUs: number | null
  readonly restarts: number
  readonly startLimitBurst: number | null
  readonly startLimitIntervalUs: number | null
  readonly oomPolicy: string
  readonly execStart: string
  readonly execReload: string
  readonly execMainStartedMs: number | null
  readonly execMainExitedMs: number | null
  /** `exited`, `killed` or `dumped` as the CLD_ number systemd prints, with the exit status or signal. */
  readonly execMainCode: number
  readonly execMainStatus: number
  readonly inactiveEnterMs: number | null
  readonly fragmentPath: string
  readonly dropInPaths: readonly string[]
  readonly needDaemonReload: boolean
  readonly controlGroup: string
  readonly statusText: string
  readonly watchdogUs: number | null
  readonly timeoutStopUs: number | null
  readonly privateTmp: boolean
  /** Folders below /run, by name, that are made when it starts (RuntimeDirectory=). */
  readonly runtimeDirectories: readonly string[]
  readonly invocationId: string
}

/** nginx's unit, by the name that every package gives it. */
export const nginxUnit = 'nginx'

/** The properties to ask for. */
export const unitPropertyNames: readonly string[] = [
  'Id',
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'WantedBy',
  'RequiredBy',
  'UpheldBy',
  'TriggeredBy',
  'Result',
  'MainPID',
  'ExecMainPID',
  'Restart',
  'RestartUSec',
  'NRestarts',
  'StartLimitBurst',
  'StartLimitIntervalUSec',
  'OOMPolicy',
  'ExecStart',
  'ExecReload',
  'ExecMainStartTimestamp',
  'ExecMainExitTimestamp',
  'ExecMainCode',
  'ExecMainStatus',
  'InactiveEnterTimestamp',
  'FragmentPath',
  'DropInPaths',
  'NeedDaemonReload',
  'ControlGroup',
  'StatusText',
  'WatchdogUSec',
  'TimeoutStopUSec',
  'PrivateTmp',
  'RuntimeDirectory',
  'InvocationID',
]

/** The order of properties is not the order asked for, and a property may be repeated (ExecReload). */
export function readUnitProperties(text: string): readonly UnitProperties[] {
  return text
    .split(/\n\n+/)
    .map(readBlock)
    .filter((block) => block.has('Id'))
    .map(unitOf)
}

function readBlock(block: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  for (const line of block.split('\n')) {
    const equals = line.indexOf('=')
    if (equals < 1) continue
    const [name, value] = [line.slice(0, equals), line.slice(equals + 1)]
    const before = properties.get(name)
    properties.set(name, before === undefined ? value : `${before}\n${value}`)
  }
  return properties
}

function unitOf(properties: ReadonlyMap<string, string>): UnitProperties {
  const get = (name: string) => properties.get(name) ?? ''
  return {
    service: get('Id').replace(/\.service$/, ''),
    loadState: get('LoadState'),
    activeState: get('ActiveState'),
    subState: get('SubState'),
    unitFileState: get('UnitFileState'),
    startedBy: ['WantedBy', 'RequiredBy', 'UpheldBy', 'TriggeredBy'].flatMap((name) => readPaths(get(name))),
    result: get('Result'),
    mainPid: whole(get('MainPID')) ?? 0,
    execMainPid: whole(get('ExecMainPID')) ?? 0,
    restart: get('Restart'),
    restartUs: readTimeSpanUs(get('RestartUSec')),
    restarts: whole(get('NRestarts')) ?? 0,
    startLimitBurst: whole(get('StartLimitBurst')),
    startLimitIntervalUs: readTimeSpanUs(get('StartLimitIntervalUSec')),
    oomPolicy: get('OOMPolicy'),
    execStart: get('ExecStart'),
    execReload: get('ExecReload'),
    execMainStartedMs: readInstantMs(get('ExecMainStartTimestamp')),
    execMainExitedMs: readInstantMs(get('ExecMainExitTimestamp')),
    execMainCode: whole(get('ExecMainCode')) ?? 0,
    execMainStatus: whole(get('ExecMainStatus')) ?? 0,
    inactiveEnterMs: readInstantMs(get('InactiveEnterTimestamp')),
    fragmentPath: get('FragmentPath'),
    dropInPaths: readPaths(get('DropInPaths')),
    needDaemonReload: get('NeedDaemonReload') === 'yes',
    controlGroup: get('ControlGroup'),
    statusText: get('StatusText'),
    watchdogUs: readTimeSpanUs(get('WatchdogUSec')),
    timeoutStopUs: readTimeSpanUs(get('TimeoutStopUSec')),
    privateTmp: get('PrivateTmp') === 'yes',
    runtimeDirectories: readPaths(get('RuntimeDirectory')),
    invocationId: get('InvocationID'),
  }
}

/** `[not set]` and nothing are no number. */
function whole(value: string): number | null {
  return /^-?\d+$/.test(value) ? Number(value) : null
}

/**
 * `Sat 2026-11-21 08:36:05 UTC`, and nothing for never: whole seconds. `@1795250165`, as `--timestamp=unix` writes it, is
 * not there on systemd 247 and kept for what was recorded with it.
 */
function readInstantMs(value: string): number | null {
  const seconds = /^@(\d+)$/.exec(value)?.[1]
  if (seconds !== undefined) return seconds === '0' ? null : Number(seconds) * 1000
  const [, day = '', time = ''] = /^[A-Z][a-z]{2} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(value) ?? []
  return day === '' ? null : Date.parse(`${day}T${time}Z`)
}

const spanUnitsUs: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1e6,
  min: 60e6,
  h: 3600e6,
  d: 86_400e6,
  w: 7 * 86_400e6,
  month: 2_629_800e6,
  y: 31_557_600e6,
}

/** `1min 30s`, `1.500000s`, `100ms`, `0`; null for `infinity` and what is not set. */
export function readTimeSpanUs(value: string): number | null {
  if (/^\d+$/.test(value)) return Number(value)
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|min|h|d|w|month|y)(?=\s|$)/g)]
  if (parts.length === 0) return null
  return Math.round(parts.reduce((sum, [, n = '0', unit = 's']) => sum + Number(n) * (spanUnitsUs[unit] ?? 0), 0))
}

/** Paths separated by blanks; one with a blank in it is in double quotes. */
function readPaths(value: string): readonly string[] {
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '',
  )
}
