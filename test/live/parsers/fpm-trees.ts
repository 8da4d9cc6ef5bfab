/**
 * Random trees of FPM configuration in all the ways that FPM takes them, and with what it refuses: quoting, keywords,
 * constants, operators, odd units, CRLF, marks, includes of every kind, reopened pools, duplicates.
 */
import fc from 'fast-check'
import { readIniLine } from '../../../packages/agent/src/readings/fpm-ini-line.ts'

/** Path to byte text; a path that ends in `/` is a folder. */
export type FpmFiles = ReadonlyMap<string, string>

export const folder = '/conf'
export const main = `${folder}/php-fpm.conf`

export interface FpmCase {
  readonly files: FpmFiles
  /** A line that was put in, where no other include comes before it: FPM counts lines wrongly behind one. */
  readonly stray: { readonly path: string; readonly line: number } | null
}

/** Values that FPM takes, as one would think of them; how they are written is up to `written`. */
const poolValues: Readonly<Record<string, readonly string[]>> = {
  'pm.max_requests': ['0', '500', '-5', '99999999999', '-', ''],
  'listen.backlog': ['-1', '0', '65535'],
  request_terminate_timeout: ['30s', '5m', '0', '500ms', '1.5m', 'abc5', ' 5 s', '0x10', '9h', '-5', '24d'],
  catch_workers_output: ['yes', 'no', '1', '0', 'on', 'off', 'true', 'false', 'none', 'null', 'YES', ''],
  decorate_workers_output: ['no', 'False'],
  clear_env: ['no', 'yes'],
  'process.dumpable': ['on', ''],
  request_terminate_timeout_track_finished: ['yes', '0'],
  rlimit_files: ['1024', '0'],
  rlimit_core: ['unlimited', 'Unlimited', '0', '7'],
  'process.priority': ['0', '-5', '19'],
  'listen.mode': ['0660', '0666'],
  'listen.allowed_clients': ['127.0.0.1', '127.0.0.1,::1', ''],
  'listen.owner': ['www-data'],
  'security.limit_extensions': ['.php', '.php .html', ''],
  'pm.process_idle_timeout': ['10s', '1m', '3'],
  'access.format': ['%R - %t "%m %r" %s', "it's a=b;c", '%{mili}dms', '(a|b)&c^~!', 'a${b', 'pool $pool, $pool$pool'],
  'ping.path': ['/ping'],
  slowlog: ['/tmp/$pool.slow', '/tmp/a b.log'],
}

const globalValues: Readonly<Record<string, readonly string[]>> = {
  process_control_timeout: ['10s', '0', '1m', '10 s', '1d'],
  emergency_restart_threshold: ['0', '10', '99999999999'],
  emergency_restart_interval: ['60', '1h', '1.5m'],
  log_buffering: ['yes', 'off', '0', 'TRUE'],
  log_limit: ['1024', '8192'],
  log_level: ['notice', 'NOTICE', 'debug'],
  'process.max': ['0', '128'],
  'process.priority': ['0', '-5'],
  rlimit_files: ['1024'],
  'syslog.ident': ['php-fpm', 'a b', "o'clock", 'a=b', 'x;y'],
  'syslog.facility': ['daemon', 'LOCAL2', 'mail'],
  pid: ['/run/fpm.pid', 'run/fpm.pid'],
  'events.mechanism': ['epoll'],
  systemd_interval: ['10s', '5'],
  daemonize: ['no', 'yes'],
}

/** Into quotes of either kind where that says the same, or as it is where FPM would read the same. */
function written(value: string): fc.Arbitrary<string> {
  const doubled = `"${value.replace(/["\\$]/g, (char) => (char === '$' && !value.includes('${') ? char : `\\${char}`))}"`
  const ways = [doubled]
  if (/^[\w./:, -]*$/.test(value) && !/^\s|\s$/.test(value)) ways.push(value, value)
  // Before 8.2.19 only these, without quotes, are booleans.
  if (/^(?:yes|no|on|off|true|false|none|null|1|0?)$/i.test(value))
    ways.push(...Array.from({ length: 20 }, () => value))
  if (value !== '' && !value.includes("'")) ways.push(`'${value}'`)
  const half = Math.floor(value.length / 2)
  if (/^\w+$/.test(value) && half > 0) ways.push(`${value.slice(0, half)}"${value.slice(half)}"`)
  return fc.constantFrom(...ways)
}

const layout = fc.constantFrom(
  (name: string, value: string) => `${name} = ${value}`,
  (name: string, value: string) => `${name}=${value}`,
  (name: string, value: string) => `  ${name}\t =   ${value}  `,
  (name: string, value: string) => `\t${name} = ${value}\t; for now = "x`,
  (name: string, value: string) => `${name.replace(/^[^[]*/, (head) => head.toUpperCase())} = ${value};#`,
)
/** Array names are not folded, so that capitals would make others of them. */
const plainLayout = fc.constantFrom(
  (name: string, value: string) => `${name} = ${value}`,
  (name: string, value: string) => ` ${name}=${value} ; x`,
)

function setting(values: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<string> {
  const choices = Object.entries(values).flatMap(([name, all]) => all.map((value) => ({ name, value })))
  return fc
    .constantFrom(...choices)
    .chain(({ name, value }) => fc.tuple(layout, written(value)).map(([write, text]) => write(name, text)))
}

/** Any mixture of what means something in PHP's ini language. */
const token = fc.constantFrom(
  ...[
    'a',
    'b.c',
    '5',
    '007',
    ' ',
    '  ',
    '\t',
    '"',
    "'",
    "'b c'",
    '"d e"',
    '\\',
    '\\"',
    '$',
    '${',
    '}',
    '{',
    '${X}',
    '$pool',
  ],
  ...[
    'yes',
    'No',
    'null',
    'none',
    'E_NOTICE',
    'PHP_OS',
    '|',
    '&',
    '^',
    '~',
    '!',
    '(',
    ')',
    '=',
    ';',
    '#',
    '[',
    ']',
    ',',
  ],
  ...['\r', '\u00e9', '\u00ff', '\u0001', '%', '@', ':', '/', '-', '+', '*', '?', '<', '>', '`', '${memory_limit}'],
)
const anyValue = fc.array(token, { maxLength: 7 }).map((tokens) => tokens.join(''))

const entryName = fc.constantFrom(
  ...['env[A]', 'env[PATH]', 'env[a b]', 'env["q"]', "env['r']", 'php_value[x]', 'php_admin_value[x]'],
  ...['php_value[session.save_handler]', 'env [S]', 'env[ T ]'],
)
const entry = fc.oneof(
  {
    arbitrary: fc
      .tuple(entryName, plainLayout, anyValue)
      .map(([name, write, value]) => write(name, value))
      // What we take FPM must take, too, unless it is an env that an unset variable leaves empty.
      .filter((line) => readIniLine(line).ok && !/^\s*env.*\$\{/.test(line)),
    weight: 2,
  },
  {
    arbitrary: fc
      .tuple(entryName, plainLayout, fc.constantFrom('a b', '$HOME', 'x=y', 'yes', '').chain(written))
      .map(([name, write, value]) => write(name, value)),
    weight: 2,
  },
  fc
    .tuple(
      fc.constantFrom('php_flag[display_errors]', 'php_admin_flag[log_errors]'),
      fc.constantFrom('on', 'off', '1', 'No', '"yes"'),
    )
    .map(([name, value]) => `${name} = ${value}`),
)

const quiet = fc.constantFrom(
  ...['', '   ', '\t', ';', '; pm = static', ' ; x', ';;;[www]', `;${'x'.repeat(3000)}`, '; caf\u00c3\u00a9 \u00ff'],
)
const poolLine = fc.oneof(
  { arbitrary: setting(poolValues), weight: 5 },
  { arbitrary: entry, weight: 2 },
  { arbitrary: quiet, weight: 1 },
)
const globalLine = fc.oneof({ arbitrary: setting(globalValues), weight: 5 }, { arbitrary: quiet, weight: 1 })

const header = fc.constantFrom(
  ...[
    '[www]',
    '[shop]',
    '[WWW]',
    '[shop]  ; the shop',
    '[www]\t',
    '["shop"]',
    "['a b']",
    '[a b]',
    '\t[www]',
    '[x.y-z]',
  ],
)
const include = fc.constantFrom(
  ...[
    `include=${folder}/snippets/common.conf`,
    `include = "${folder}/snippets/l*.conf"`,
    `include="${folder}/snippets/[!c]*.conf" ; those`,
    `\tinclude = '${folder}/snippets/?imits.conf'`,
    'include=parsers/relative.conf',
    `include=${folder}/empty.d/*.conf`,
    `include=${folder}//snippets/../snippets/common.conf`,
  ],
)

const poolSection = fc
  .tuple(
    header,
    fc.array(fc.oneof({ arbitrary: poolLine, weight: 6 }, { arbitrary: include, weight: 1 }), { maxLength: 6 }),
  )
  .map(([head, lines]) => [head, ...lines])
const globalSection = fc
  .tuple(fc.constantFrom('[global]', '[Global]', '["global"]'), fc.array(globalLine, { maxLength: 4 }))
  .map(([head, lines]) => [head, ...lines])
const sections = fc
  .array(fc.oneof({ arbitrary: poolSection, weight: 4 }, { arbitrary: globalSection, weight: 1 }), { maxLength: 3 })
  .map((all) => all.flat())

/** What FPM insists on, before everything else says otherwise. */
const mandatory = ['www', 'shop', 'a b', 'x.y-z'].flatMap((pool, place) => [
  `[${pool}]`,
  'user = www-data',
  ['listen = /run/$pool.sock', 'listen = 127.0.0.1:9001', 'listen = run/rel.sock', 'listen = 9002'][place] ?? '',
  'pm = static',
  'pm.max_children = 3',
])
const together = fc.constantFrom(
  ...[
    ['pm = dynamic', 'pm.min_spare_servers = 1', 'pm.max_spare_servers = 3'],
    ['pm = Dynamic', 'pm.min_spare_servers = 1', 'pm.max_spare_servers = 2', 'pm.start_servers = 2'],
    ['pm = ondemand', 'pm.start_servers = 9'],
    ['slowlog = /tmp/slow', 'request_slowlog_trace_depth = 5', 'request_slowlog_timeout = 0x3', 'access.log = /tmp/a'],
    [],
  ],
)

const mainLines = fc
  .tuple(fc.array(globalLine, { maxLength: 4 }), together, sections, fc.boolean(), sections)
  .map(([first, how, before, pools, after]) => [
    ...['error_log = /dev/null', ...first, ...mandatory, '[www]', ...how, ...before],
    ...(pools ? [`include=${folder}/pool.d/*.conf`, ...after] : after),
  ])
const snippet = fc.array(poolLine, { maxLength: 3 })
/** Without a header it goes on with the section that is being read; after an include from [global] that is not a pool. */
const poolFile = sections

interface Ending {
  readonly lineEnd: '\n' | '\r\n'
  readonly isOpen: boolean
  readonly hasMark: boolean
}
const ending: fc.Arbitrary<Ending> = fc.record({
  lineEnd: fc.constantFrom('\n', '\n', '\r\n'),
  isOpen: fc.boolean(),
  hasMark: fc.boolean(),
})

function text(lines: readonly string[], { lineEnd, isOpen, hasMark }: Ending): string {
  return `${hasMark ? '\u00ef\u00bb\u00bf' : ''}${lines.join(lineEnd)}${isOpen ? '' : lineEnd}`
}

interface Written {
  readonly lines: readonly string[]
  readonly how: Ending
}
const file = (lines: fc.Arbitrary<readonly string[]>): fc.Arbitrary<Written> => fc.record({ lines, how: ending })

/** What FPM refuses, and what only looks so. */
const strayLine = fc.oneof(
  {
    arbitrary: fc.constantFrom(
      ...[
        '# a comment',
        '# a = b',
        'pm.max_children',
        'unknown = 1',
        'pm = sometimes',
        ' [www]',
        '[www',
        '[]',
        'env = x',
      ],
      ...[
        'env[] = x',
        '= 5',
        'a] = b',
        'request_terminate_timeout = off',
        'request_terminate_timeout = 30S',
        '"x" = y',
      ],
      ...[
        'catch_workers_output = maybe',
        'rlimit_core = -2',
        'access.format = a=b',
        'slowlog = /tmp/x(1).log',
        'yes = no',
      ],
      ...[
        'access.format = "open',
        "access.format = it's",
        'pm.max_children = 5 5',
        'Include = x',
        'ENV[A] = x',
        '[a] [b]',
      ],
      ...[
        'process_control_timeout = 10s',
        'pid = /x',
        '{',
        '}',
        'a b = c',
        'x.y.z',
        '[www] pm = static',
        'php_flag[a] = 7',
      ],
      ...[`include=/none/*.conf`, 'include = a include = b', 'pm.status_path', `access.format = ${'y'.repeat(5000)}`],
      ...[
        'access.format = x\ra=b\r',
        'rlimit_files = 0x10',
        'rlimit_files = 10K',
        'pm.max_requests = 1m',
        'null',
        'on',
      ],
    ),
    weight: 3,
  },
  { arbitrary: anyValue.map((value) => `access.format = ${value}`), weight: 1 },
  { arbitrary: anyValue, weight: 1 },
  { arbitrary: anyValue.map((value) => `env[${value}] = x`), weight: 1 },
  // FPM itself never comes to an end where a pool's name holds `$pool` and a value of it does, too.
  { arbitrary: anyValue.filter((value) => !value.includes('$pool')).map((value) => `[${value}]`), weight: 1 },
)

export const fpmCases: fc.Arbitrary<FpmCase> = fc
  .record({
    [main]: file(mainLines),
    [`${folder}/pool.d/a.conf`]: file(poolFile),
    [`${folder}/pool.d/b.conf`]: file(poolFile),
    [`${folder}/pool.d/.hidden.conf`]: file(fc.constant(['broken here'])),
    [`${folder}/snippets/common.conf`]: file(snippet),
    [`${folder}/snippets/limits.conf`]: file(snippet),
    '/usr/parsers/relative.conf': file(snippet),
  })
  .chain((files) =>
    fc
      .record({ is: fc.integer({ min: 0, max: 2 }), line: strayLine, where: fc.nat(), pick: fc.nat() })
      .map(({ is, line, where, pick }) => (is > 0 ? withoutStray(files) : withStray(files, line, where, pick))),
  )

const folders = [`${folder}/pool.d/d.conf/`, `${folder}/empty.d/`].map((path) => [path, ''] as const)

function withoutStray(files: Readonly<Record<string, Written>>): FpmCase {
  const texts = Object.entries(files).map(([path, { lines, how }]) => [path, text(lines, how)] as const)
  return { files: new Map([...texts, ...folders]), stray: null }
}

/** Only into files that are read for sure. */
function withStray(files: Readonly<Record<string, Written>>, line: string, where: number, pick: number): FpmCase {
  const paths = [main, `${folder}/pool.d/a.conf`]
  const path = paths[pick % paths.length] ?? main
  const into = files[path] ?? { lines: [], how: { lineEnd: '\n', isOpen: false, hasMark: false } }
  const at = where % (into.lines.length + 1)
  const clean = withoutStray({ ...files, [path]: { ...into, lines: into.lines.toSpliced(at, 0, line) } })
  const isCounted = !into.lines.slice(0, at).some((each) => each.includes('include'))
  return { files: clean.files, stray: isCounted ? { path, line: at + 1 } : null }
}
