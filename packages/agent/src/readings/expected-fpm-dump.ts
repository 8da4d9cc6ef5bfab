/**
 * For tests: what `php-fpm -F -O -tt` must print if our reading of a configuration is right. One table names every
 * directive with how FPM prints it; what is not in it is unknown to FPM.
 *
 * `-tt` does not print: what the file says of `daemonize` (`-F` forces no); the pools that
 * `pm.status_listen` makes; whether a `php_value` was a flag; which environment variable an `env[]` will be; all of it
 * where `log_level` is above notice.
 */
import type { FpmConfig, FpmDirective, FpmPool } from './fpm-config.ts'
import type { FpmDump } from './fpm-dump.ts'
import { fpmBoolean, fpmInteger, fpmProcessManager, fpmSeconds } from './fpm-values.ts'

export interface FpmBuild {
  /** `8.2` */
  readonly php: string
  /** PHP_PREFIX, or what `-p` says. */
  readonly prefix: string
  /** Where a relative `pid` and `error_log` begin: PHP_LOCALSTATEDIR, or the same as `-p`. */
  readonly stateFolder: string
}

export const debianBuild = (php: string): FpmBuild => ({ php, prefix: '/usr', stateFolder: '/var' })

export interface Unfit {
  readonly directive: FpmDirective
  readonly says: string
}

/** Null for a value that depends on `${VARIABLES}`: FPM knows it, the reading does not. */
export type ExpectedDump = ReadonlyMap<string, ReadonlyMap<string, string | null>>

export function expectedFpmDump(config: FpmConfig, build: FpmBuild): ExpectedDump {
  const sections = [{ name: 'global', directives: config.global, entries: [] }, ...config.pools]
  return new Map(
    sections.map((section, place) => {
      const isGlobal = place === 0
      const written = [...section.directives.values()].flatMap((directive) => {
        const kind = kindsOf(isGlobal, build)[directive.name]
        return kind && kind !== 'unprinted boolean'
          ? [[directive.name, printed(kind, directive, section, isGlobal, build)] as const]
          : []
      })
      return [
        section.name,
        new Map([...defaultsOf(isGlobal, build), ...written, ...computed(section, build), ...entriesOf(section)]),
      ]
    }),
  )
}

/** What FPM refuses of values that are well-formed, in no order: names it does not know, values of the wrong kind. */
export function unfitDirectives(config: FpmConfig, build: FpmBuild): readonly Unfit[] {
  return config.stretches.flatMap(({ pool, directives }) =>
    directives.flatMap((directive) => {
      const { name, key, value, variables } = directive
      if (key !== undefined) {
        if (!arrays.has(name)) return [{ directive, says: `unknown entry '${name}'` }]
        const isFlag = name.endsWith('_flag') && variables.length === 0
        return isFlag && !fits('boolean', value, build) ? [{ directive, says: 'invalid boolean value' }] : []
      }
      const kind = kindsOf(pool === null, build)[name]
      if (!kind) return [{ directive, says: `unknown entry '${name}'` }]
      if (pool === null && value.includes('$pool')) return [{ directive, says: "'$pool' when the pool is not defined" }]
      return variables.length === 0 && !fits(kind, value, build)
        ? [{ directive, says: `${kind} ${JSON.stringify(value)}` }]
        : []
    }),
  )
}

/** What differs, in words; none: the reading equals the dump. */
export function dumpDifferences(expected: ExpectedDump, dump: FpmDump): readonly string[] {
  const [ours, fpms] = [[...expected.keys()].join(' '), [...dump.keys()].join(' ')]
  const sections = ours === fpms ? [] : [`sections: ${ours}; FPM has ${fpms}`]
  const values = [...expected].flatMap(([section, wanted]) => {
    const got = dump.get(section) ?? new Map<string, string>()
    return [...new Set([...wanted.keys(), ...got.keys()])].flatMap((name) => {
      // A value that ends in `$` has taken its line break along; a line of the dump shows what is before it.
      const [mine, its] = [wanted.get(name)?.replace(/\n[^]*/, ''), got.get(name)]
      return wanted.get(name) === null || mine === its || isCut(mine, its)
        ? []
        : [`[${section}] ${name}: ${shown(mine)}; FPM has ${shown(its)}`]
    })
  })
  return [...sections, ...values]
}

/** FPM's own log cuts a line that is longer than `log_limit` allows. */
function isCut(mine: string | undefined, its: string | undefined): boolean {
  return its !== undefined && its.length > 400 && its.endsWith('...') && mine?.startsWith(its.slice(0, -3)) === true
}

function shown(value: string | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

type Kind =
  | 'text'
  | 'path'
  | 'state path'
  | 'address'
  | 'integer'
  | 'core limit'
  | 'seconds'
  | 'bare seconds'
  | 'boolean'
  | 'level'
  | 'facility'
  | 'manager'
  | 'mechanism'
  | 'unprinted boolean'

type Table = Readonly<Record<string, Kind>>

const globals: Table = {
  pid: 'state path',
  error_log: 'state path',
  'syslog.ident': 'text',
  'syslog.facility': 'facility',
  log_buffering: 'boolean',
  log_level: 'level',
  log_limit: 'integer',
  emergency_restart_interval: 'seconds',
  emergency_restart_threshold: 'integer',
  process_control_timeout: 'seconds',
  'process.max': 'integer',
  'process.priority': 'integer',
  daemonize: 'unprinted boolean',
  rlimit_files: 'integer',
  rlimit_core: 'core limit',
  'events.mechanism': 'mechanism',
  systemd_interval: 'seconds',
}

const ofPools: Table = {
  prefix: 'path',
  user: 'text',
  group: 'text',
  listen: 'address',
  'listen.backlog': 'integer',
  'listen.acl_users': 'text',
  'listen.acl_groups': 'text',
  'listen.owner': 'text',
  'listen.group': 'text',
  'listen.mode': 'text',
  'listen.allowed_clients': 'text',
  'process.priority': 'integer',
  'process.dumpable': 'boolean',
  pm: 'manager',
  'pm.max_children': 'integer',
  'pm.start_servers': 'integer',
  'pm.min_spare_servers': 'integer',
  'pm.max_spare_servers': 'integer',
  'pm.process_idle_timeout': 'bare seconds',
  'pm.max_requests': 'integer',
  'pm.status_path': 'text',
  'ping.path': 'text',
  'ping.response': 'text',
  'access.log': 'path',
  'access.format': 'text',
  slowlog: 'path',
  request_slowlog_timeout: 'seconds',
  request_slowlog_trace_depth: 'integer',
  request_terminate_timeout: 'seconds',
  request_terminate_timeout_track_finished: 'boolean',
  rlimit_files: 'integer',
  rlimit_core: 'core limit',
  chroot: 'path',
  chdir: 'path',
  catch_workers_output: 'boolean',
  decorate_workers_output: 'boolean',
  clear_env: 'boolean',
  'security.limit_extensions': 'text',
}

const arrays = new Set(['env', 'php_value', 'php_flag', 'php_admin_value', 'php_admin_flag', 'access.suppress_path'])

function kindsOf(isGlobal: boolean, { php }: FpmBuild): Table {
  if (isGlobal) return globals
  return {
    ...ofPools,
    ...(atLeast(php, '8.0') ? ({ 'pm.status_listen': 'text' } as const) : {}),
    ...(atLeast(php, '8.1') ? ({ 'pm.max_spawn_rate': 'integer' } as const) : {}),
  }
}

function defaultsOf(isGlobal: boolean, build: FpmBuild): ReadonlyMap<string, string> {
  const own: Readonly<Record<string, string>> = isGlobal
    ? {
        error_log: `${build.stateFolder}/log/php-fpm.log`,
        'syslog.ident': 'php-fpm',
        'syslog.facility': '24',
        log_buffering: 'yes',
        log_level: 'unknown value',
        log_limit: '1024',
        daemonize: 'no',
        'events.mechanism': 'epoll',
        systemd_interval: '10s',
        'process.priority': 'undefined',
      }
    : {
        'listen.backlog': atLeast(build.php, '8.2') ? '-1' : '511',
        'pm.max_spawn_rate': '32',
        'pm.process_idle_timeout': '10',
        request_slowlog_trace_depth: '20',
        decorate_workers_output: 'yes',
        clear_env: 'yes',
        'security.limit_extensions': '.php .phar',
        'process.priority': 'undefined',
      }
  const zero: Readonly<Partial<Record<Kind, string>>> = {
    integer: '0',
    'core limit': '0',
    seconds: '0s',
    boolean: 'no',
  }
  return new Map(
    Object.entries(kindsOf(isGlobal, build)).map(([name, kind]) => [name, own[name] ?? zero[kind] ?? 'undefined']),
  )
}

/** The last occurrence counts. A value that does not fit is one that FPM would have refused. */
function printed(
  kind: Exclude<Kind, 'unprinted boolean'>,
  { value, variables }: FpmDirective,
  section: Pick<FpmPool, 'directives'>,
  isGlobal: boolean,
  { prefix, stateFolder }: FpmBuild,
): string | null {
  if (variables.length > 0) return null
  const ownPrefix = section.directives.get('prefix')?.value ?? ''
  const below = (folder: string) => (value === '' || value.startsWith('/') ? value : `${folder}/${value}`)
  switch (kind) {
    case 'text':
    case 'mechanism':
      return value
    case 'path':
      return below(isGlobal || ownPrefix === '' ? prefix : ownPrefix)
    case 'state path':
      return value === 'syslog' ? value : below(stateFolder)
    case 'address':
      return /^\d+$|:/.test(value) ? value : below(ownPrefix === '' ? prefix : ownPrefix)
    case 'integer':
      return String(fpmInteger(value))
    case 'core limit':
      return value.toLowerCase() === 'unlimited' ? '-1' : String(fpmInteger(value))
    case 'seconds':
      return `${fpmSeconds(value)}s`
    case 'bare seconds':
      return String(fpmSeconds(value))
    case 'boolean':
      return fpmBoolean(value) ? 'yes' : 'no'
    case 'level':
      return value.toUpperCase().replace(/^WARN$/, 'WARNING')
    case 'facility':
      return facilities.get(value.toLowerCase()) ?? value
    case 'manager':
      return fpmProcessManager(value) ?? value
  }
}

function fits(kind: Kind, value: string, { php }: FpmBuild): boolean {
  switch (kind) {
    case 'integer':
      return fpmInteger(value) !== null
    case 'core limit':
      return value.toLowerCase() === 'unlimited' || (fpmInteger(value) ?? -1) >= 0
    case 'seconds':
    case 'bare seconds':
      return fpmSeconds(value) !== null
    case 'boolean':
    case 'unprinted boolean':
      // Before 8.2.19 only what a keyword has become.
      return atLeast(php, '8.2') ? fpmBoolean(value) !== null : value === '1' || value === ''
    case 'level':
      return /^(?:debug|notice|warn|warning|error|alert)$/i.test(value)
    case 'facility':
      return facilities.has(value.toLowerCase())
    case 'manager':
      return fpmProcessManager(value) !== null
    case 'mechanism':
      return /^(?:epoll|poll|select)$/i.test(value)
    default:
      return true
  }
}

/** Those of syslog(3), shifted as its header has them. */
const facilities: ReadonlyMap<string, string> = new Map(
  [
    ...[['kern', 0] as const, ['user', 1] as const, ['mail', 2] as const, ['daemon', 3] as const, ['auth', 4] as const],
    ...Array.from({ length: 8 }, (_, number) => [`local${number}`, 16 + number] as const),
  ].map(([name, number]) => [name, String(number << 3)]),
)

/** What FPM works out or overrules once all is read (`fpm_conf_process_all_pools`). */
function computed(
  { directives }: Pick<FpmPool, 'directives'>,
  { php }: FpmBuild,
): readonly (readonly [string, string])[] {
  const isSet = (name: string): boolean => (directives.get(name)?.value ?? '') !== ''
  const defaults = [
    ...(isSet('access.log') && !directives.has('access.format')
      ? [['access.format', '%R - %u %t "%m %r" %s'] as const]
      : []),
    ...(isSet('ping.path') && !directives.has('ping.response') ? [['ping.response', 'pong'] as const] : []),
  ]
  const manager = fpmProcessManager(directives.get('pm')?.value ?? '')
  const number = (name: string): number => fpmInteger(directives.get(name)?.value ?? '') ?? 0
  if (manager === 'dynamic' && number('pm.start_servers') <= 0) {
    const [min, max] = [number('pm.min_spare_servers'), number('pm.max_spare_servers')]
    return [...defaults, ['pm.start_servers', String(min + Math.trunc((max - min) / 2))]]
  }
  if (manager !== 'ondemand') return defaults
  const backlog = directives.has('listen.backlog') ? number('listen.backlog') : null
  const least = atLeast(php, '8.2') ? -1 : 511
  return [
    ...defaults,
    ...['pm.start_servers', 'pm.min_spare_servers', 'pm.max_spare_servers'].map((name) => [name, '0'] as const),
    ...(backlog !== null && backlog < least ? [['listen.backlog', String(least)] as const] : []),
  ]
}

/** FPM keeps flags with the values, as 1 and 0, and prints the newest first; of one name it is enough to know that one. */
function entriesOf({ entries }: Pick<FpmPool, 'entries'>): readonly (readonly [string, string | null])[] {
  return entries.map(({ name, key, value, variables }) => {
    const text = name.endsWith('_flag') ? (fpmBoolean(value) ? '1' : '0') : value
    return [`${name.replace('_flag', '_value')}[${key}]`, variables.length > 0 ? null : text]
  })
}

function atLeast(php: string, version: string): boolean {
  return Number(php) >= Number(version)
}
