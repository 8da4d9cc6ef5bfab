/**
 * Random servers that nginx takes: on shared and own addresses, with names of every kind, nested locations, `if`, and
 * settings at each level. Each place passes requests to a responder of its own, so that an answer tells which it was.
 */
import fc from 'fast-check'
import { pidFile } from './nginx-process.ts'

export interface Web {
  readonly text: string
  /** Names of the responders; each listens at `/t/NAME.sock`. */
  readonly responders: readonly string[]
  /** Paths that lead into its locations, and some that lead elsewhere. */
  readonly paths: readonly string[]
  readonly hosts: readonly string[]
  /** `127.0.0.1:8081` */
  readonly addresses: readonly string[]
  /** Files that access logs are written to. */
  readonly logs: readonly string[]
}

export const main = '/conf/nginx.conf'
/** nginx logs every timer with it, and so the limit that holds for a request. */
export const debugLog = '/t/debug.log'

interface Level {
  readonly root: 'root' | 'alias' | 'variable' | null
  readonly timeout: boolean
  readonly params: boolean
  readonly log: 'one' | 'two' | 'off' | null
}

const level: fc.Arbitrary<Level> = fc.record({
  root: fc.option(fc.constantFrom('root', 'root', 'variable'), { freq: 2 }),
  timeout: fc.boolean(),
  params: fc.boolean(),
  log: fc.option(fc.constantFrom('one', 'two', 'off'), { freq: 2 }),
})

interface Place {
  readonly head: string
  readonly level: Level
  readonly passes: boolean
  readonly branch: boolean
  readonly inside: readonly Place[]
}

const place = (heads: readonly string[], inside: fc.Arbitrary<readonly Place[]>): fc.Arbitrary<readonly Place[]> =>
  fc.uniqueArray(
    fc.record({ head: fc.constantFrom(...heads), level, passes: fc.boolean(), branch: fc.boolean(), inside }),
    { maxLength: 3, selector: ({ head }) => head.replace(/^\^~ /, '') },
  )

const innermost = place(['~ \\.php$', '~* \\.PHP5$'], fc.constant([]))
const nested = place(['/app/sub/', '~ ^/app/.*\\.php$', '= /app/x.php', '/app/y'], innermost)
/** What is inside a location must begin as it does: nginx refuses other prefixes there. */
const outer: fc.Arbitrary<readonly Place[]> = fc
  .tuple(
    place(['/app/', '^~ /app'], nested),
    place(['/', '~ \\.php$', '~* ^/IMG/', '= /x.php', '/img/', '~\\.phtml$', '=/glued.php'], fc.constant([])),
  )
  .map((all) => all.flat())
  .map((all) => all.filter(({ head }, at) => at === all.findIndex((other) => key(other.head) === key(head))))

function key(head: string): string {
  return head.replace(/^(?:\^~|=|~\*|~)\s*/, (modifier) => (modifier.startsWith('^') ? '' : modifier.trim()))
}

const listens = ['127.0.0.1:8081', '127.0.0.2:8081', '8081', '*:8082', '[::1]:8082', 'localhost:8083', '127.0.0.1:8083']
const names = [
  ...[
    'a.test',
    'A.Test',
    'b.test',
    '*.b.test',
    '.c.test',
    '*.x.b.test',
    'www.*',
    'www.b.*',
    '~^x\\d+\\.test$',
    '_',
    '""',
  ],
  ...['~^(?<who>.+)\\.user\\.test$', '"~^y{2}\\.test$"', 'd.test.', '*.test', '127.0.0.1'],
]

interface Server {
  readonly listens: readonly string[]
  readonly isDefault: boolean
  readonly names: readonly string[]
  readonly level: Level
  readonly places: readonly Place[]
}

const server: fc.Arbitrary<Server> = fc.record({
  listens: fc.uniqueArray(fc.constantFrom(...listens), { minLength: 0, maxLength: 3, selector: socketOf }),
  isDefault: fc.boolean(),
  names: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }),
  level,
  places: outer,
})

export const webs: fc.Arbitrary<Web> = fc
  .record({ level, servers: fc.array(server, { minLength: 1, maxLength: 6 }) })
  .map((given) => write(given))

interface Writing {
  readonly responders: string[]
  readonly logs: Set<string>
  /** Goes up by one, so that no two limits are equal. */
  timeoutMs: number
  levels: number
}

function write(web: { readonly level: Level; readonly servers: readonly Server[] }): Web {
  const writing: Writing = { responders: [], logs: new Set(), timeoutMs: 71_000, levels: 0 }
  const defaults = new Set<string>()
  const servers = web.servers.map((each) => {
    const lines = each.listens.map((listen) => {
      const takes = each.isDefault && !defaults.has(socketOf(listen))
      defaults.add(socketOf(listen))
      return `listen ${listen}${takes && isFirstUse(web.servers, each, listen) ? ' default_server' : ''};`
    })
    const named = each.names.length > 0 ? [`server_name ${each.names.join(' ')};`] : []
    return block('server', [
      ...(lines.length > 0 ? lines : ['listen 127.0.0.3:8081;']),
      ...named,
      ...settings(each.level, writing),
      ...each.places.flatMap((inner) => location(inner, writing)),
    ])
  })
  const text = [
    `user root; worker_processes 1; pid ${pidFile};`,
    `error_log ${debugLog} debug;`,
    'events { worker_connections 64; }',
    ...block('http', [
      'keepalive_timeout 0;',
      'server_names_hash_bucket_size 128;',
      ...settings(web.level, writing),
      ...servers.flat(),
    ]),
  ]
  return {
    text: text.join('\n'),
    responders: writing.responders,
    logs: [...writing.logs],
    paths: [
      ...[
        '/',
        '/x.php',
        '/a/x.php',
        '/app/x.php',
        '/app/y',
        '/app/sub/x.php',
        '/app/sub/x.php5',
        '/app/z.php',
        '/app/y/z',
      ],
      ...['/img/x.php', '/IMG/q', '/img/q', '/x.phtml', '/glued.php', '/x.php?branch=1', '/app/x.php?branch=1', '/app'],
    ],
    hosts: [
      ...[
        'a.test',
        'b.test',
        'q.b.test',
        'q.x.b.test',
        'c.test',
        'q.c.test',
        'www.z',
        'www.b.z',
        'www.b.test',
        'x7.test',
      ],
      ...['me.user.test', 'yy.test', 'd.test', 'unknown', 'A.TEST', '127.0.0.1', 'www.a.test', 'localhost'],
    ],
    addresses: ['127.0.0.1:8081', '127.0.0.2:8081', '127.0.0.3:8081', '127.0.0.1:8082', '[::1]:8082', '127.0.0.1:8083'],
  }
}

function socketOf(listen: string): string {
  return listen.replace(/^(?:\*:)?(\d+)$/, '0.0.0.0:$1').replace('localhost', '127.0.0.1')
}

/** nginx refuses a second default_server of a socket. */
function isFirstUse(servers: readonly Server[], each: Server, listen: string): boolean {
  const users = servers.filter(
    ({ isDefault, listens: all }) => isDefault && all.some((one) => socketOf(one) === socketOf(listen)),
  )
  return users[0] === each
}

function block(head: string, lines: readonly string[]): readonly string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), '}']
}

function settings({ root, timeout, params, log }: Level, writing: Writing): readonly string[] {
  const number = (writing.levels += 1)
  const limitMs = timeout ? (writing.timeoutMs += 1) : 0
  const logs =
    log === null
      ? []
      : log === 'off'
        ? ['off']
        : log === 'one'
          ? [`/t/l${number}.log`]
          : [`/t/l${number}.log`, `/t/m${number}.log`]
  for (const file of logs) if (file !== 'off') writing.logs.add(file)
  return [
    ...(root === 'root'
      ? [`root /srv/r${number};`]
      : root === 'variable'
        ? [`root /srv/$host/r${number};`]
        : root === 'alias'
          ? [`alias /srv/a${number}/;`]
          : []),
    ...(timeout ? [`fastcgi_read_timeout ${limitMs}ms;`] : []),
    ...(params
      ? [
          `fastcgi_param LEVEL l${number};`,
          'fastcgi_param ROOT $document_root;',
          `fastcgi_param P${number} 1;`,
          'fastcgi_param ROOT $document_root;',
        ]
      : []),
    ...logs.map((file) => `access_log ${file};`),
  ]
}

function location({ head, level: own, passes, branch, inside }: Place, writing: Writing): readonly string[] {
  const passTo = (): string => {
    const name = `p${writing.responders.length}`
    writing.responders.push(name)
    return `fastcgi_pass unix:/t/${name}.sock;`
  }
  // In a prefix location an alias stands for the prefix.
  const isPrefix = head.startsWith('/') && head.endsWith('/') && head !== '/'
  const level = isPrefix && own.root === 'root' && own.timeout ? { ...own, root: 'alias' as const } : own
  return block(`location ${head}`, [
    ...settings(level, writing),
    ...(passes ? [passTo()] : []),
    ...(branch ? block('if ($arg_branch)', [passTo()]) : []),
    // nginx refuses a location inside an exact one.
    ...(head.startsWith('=') ? [] : inside.flatMap((each) => location(each, writing))),
  ])
}
