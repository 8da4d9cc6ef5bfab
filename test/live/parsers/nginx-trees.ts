/**
 * Random trees of nginx configuration: what nginx takes, laid out in all the ways that it can be, with and without a
 * stray piece that tears it apart.
 */
import fc from 'fast-check'
import { pidFile } from './nginx-process.ts'

/** Path to byte text. */
export type NginxFiles = ReadonlyMap<string, string>

export const folder = '/conf'
export const main = `${folder}/nginx.conf`

interface Statement {
  readonly words: readonly string[]
  /** Null: it ends in `;`. */
  readonly block: readonly Statement[] | null
  /** What stands in the block word for word: Lua, or what another file brings. */
  readonly gap: readonly number[]
}

const word = (...choices: readonly string[]) => fc.constantFrom(...choices)
const gaps = fc.array(fc.nat({ max: 1000 }), { minLength: 8, maxLength: 8 })

function simple(...words: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<Statement> {
  const each = words.map((one) => (typeof one === 'string' ? fc.constant(one) : one))
  return fc.record({ words: fc.tuple(...each), block: fc.constant(null), gap: gaps })
}

function block(
  words: readonly (string | fc.Arbitrary<string>)[],
  inside: fc.Arbitrary<readonly Statement[]>,
): fc.Arbitrary<Statement> {
  const each = words.map((one) => (typeof one === 'string' ? fc.constant(one) : one))
  return fc.record({ words: fc.tuple(...each), block: inside, gap: gaps })
}

const text = word(
  ...[
    'plain',
    'two words',
    "it's",
    'say "hi"',
    'a;b',
    '{',
    '}',
    '{a}',
    '#no comment',
    '\\d+\\.x',
    'tab\there',
    'line\nend',
  ],
  ...['', 'caf\u00c3\u00a9 \u00ff', 'a\\\\b', "'", '"', 'x'.repeat(2000), '$uri', '${uri}x', 'a#b', 'end\\'],
)

const inLocation: fc.Arbitrary<Statement> = fc.oneof(
  { arbitrary: simple('add_header', word('X-A', 'X-B'), text), weight: 3 },
  { arbitrary: simple('fastcgi_param', word('A', 'B', 'SCRIPT_FILENAME'), text), weight: 3 },
  simple('root', word('/srv', '/srv/a b', '/srv/$host')),
  simple('set', word('$a', '$b'), text),
  block(['if', '($request_method', '=', 'POST)'], fc.array(simple('set', '$c', text), { maxLength: 2 })),
  block(
    ['if', word('($uri'), '~', word('"^/a{2}"', "'[;{}]'").map((quoted) => `\u0000${quoted}`), ')'],
    fc.constant([]),
  ),
  block(
    ['limit_except', 'GET', word('POST', 'PUT')],
    simple('deny', 'all').map((only) => [only]),
  ),
  simple(
    'include',
    word(`${folder}/snippets/params.conf`, 'snippets/par?ms.conf', 'snippets/none-*.conf', 'snippets/[pq]*.conf'),
  ),
)

const locationHead = fc.oneof(
  word('/', '/a b/', '/x').chain((path) => fc.tuple(word('', '=', '^~'), fc.constant(path))),
  word('\\.php$', '^/[a-z]{2,3}/', '"q"', '^/a;b').chain((path) => fc.tuple(word('~', '~*'), fc.constant(path))),
)
/** Each location once in a server: nginx refuses a second one of the same. */
const locations: fc.Arbitrary<readonly Statement[]> = fc
  .uniqueArray(locationHead, { maxLength: 3, selector: ([, path]) => path })
  .chain((heads) =>
    fc.tuple(
      ...heads.map(([modifier, path]) =>
        block(['location', ...(modifier === '' ? [] : [modifier]), path], once(fc.array(inLocation, { maxLength: 4 }))),
      ),
    ),
  )

/** `root` is refused where it stands twice. */
function once(all: fc.Arbitrary<readonly Statement[]>): fc.Arbitrary<readonly Statement[]> {
  return all.map((statements) =>
    statements.filter(
      ({ words: [name] }, place) =>
        name !== 'root' || statements.findIndex(({ words }) => words[0] === 'root') === place,
    ),
  )
}

const server = block(
  ['server'],
  fc
    .tuple(
      fc.array(simple('server_name', word('a.test', '*.b.test', '~^x\\d{2}\\.test$', '""', '_')), { maxLength: 2 }),
      once(fc.array(fc.oneof(simple('root', '/srv'), simple('add_header', 'X-S', text)), { maxLength: 2 })),
      locations,
    )
    .map((all) => all.flat()),
)
const map = block(
  ['map', '$uri', word('$m1', '$m2')],
  fc
    .tuple(
      fc.array(simple(word('~*^/a', '"~^/[a-z]{2,}"', '/x', 'server', 'location').map(asWritten), text), {
        maxLength: 2,
      }),
      fc.array(simple('include', word(`${folder}/maps/*.map`, 'maps/none*.map')), { maxLength: 1 }),
    )
    .map(([entries, includes]) => [...unlike(entries), ...includes]),
)
const types = block(
  ['types'],
  fc.constant([]).map(() => []),
)
const others = fc.oneof(
  map,
  types,
  simple(
    'log_format',
    word('one', 'two', 'three').map((name) => name),
    text,
    text,
  ),
  simple('include', word(`${folder}/sites/*`, 'sites/1[0-9]-*', `${folder}/conf.d/*.conf`)),
  simple('fastcgi_read_timeout', word('60', '1m30s', '500ms')),
)

/** A key may stand in a map once, whatever its case. */
function unlike(entries: readonly Statement[]): readonly Statement[] {
  return entries.filter(({ words }, place) => entries.findIndex((other) => other.words[0] === words[0]) === place)
}

/** A word that must be quoted in a certain way is marked: it is put down as it is. */
function asWritten(value: string): string {
  return value.startsWith('"') ? `\u0000${value}` : value
}

/** One directive of a kind that http may have once. */
const http = fc
  .array(fc.oneof({ arbitrary: server, weight: 2 }, others), { maxLength: 4 })
  .map((all) =>
    all.filter(
      ({ words }, place) =>
        !['fastcgi_read_timeout', 'log_format', 'types', 'map'].includes(words[0] ?? '') ||
        all.findIndex((other) => other.words[0] === words[0]) === place,
    ),
  )

const between = [' ', ' ', '\n    ', '\t', '\r\n', ' # a comment; with { and " in it\n', '  \n\n', '\n#\n']

function laidOut(statements: readonly Statement[]): string {
  return statements
    .map(({ words, block: inside, gap }) => {
      const space = (place: number): string => between[(gap[place] ?? 0) % between.length] ?? ' '
      const line = words
        .map((each, place) => (place === 0 ? '' : space(place)) + quoted(each, gap[place] ?? 0, place === 0))
        .join('')
      const tail = (gap[7] ?? 0) % 3 === 0 ? space(6) : ''
      const body = inside === null ? ';' : `{${space(5)}${laidOut(inside)}}`
      return `${line}${inside === null ? tail : ' '}${body}${space(7)}`
    })
    .join('')
}

/** In double quotes, in single quotes, or as it is with what needs it escaped, where that says the same. */
function quoted(value: string, how: number, isName: boolean): string {
  if (value.startsWith('\u0000')) return value.slice(1)
  const ways: string[] = []
  const escaped = (quote: string) =>
    `${quote}${value.replace(/\\(?=["'\\trn]|$)/g, '\\\\').replaceAll(quote, `\\${quote}`)}${quote}`
  if (/^(?:[^\s;{}"'#\\$]|\\[^\s;{}"'#\\trn]|\$\w)+$/.test(value)) ways.push(value, value)
  if (!isName || ways.length === 0) ways.push(escaped('"'), escaped("'"))
  return ways[how % ways.length] ?? value
}

interface Torn {
  readonly where: number
  readonly which: number
  readonly piece: string
  readonly cut: number
}

const torn: fc.Arbitrary<Torn> = fc.record({
  where: fc.nat(),
  which: fc.nat(),
  piece: word(
    ...[
      '{',
      '}',
      ';',
      '"',
      "'",
      '#',
      '\\',
      '\n',
      ' ',
      '$',
      '${',
      '"x"y',
      "';'",
      '};',
      '\r',
      ')',
      '\u00ef\u00bb\u00bf',
      'x',
    ],
    ...[
      'include missing.conf;',
      'include "none/*.conf";',
      'include;',
      'include a b;',
      'server;',
      'http',
      'root {}',
      '\u0000',
    ],
    ...[
      'z'.repeat(4090),
      `"${'z'.repeat(5000)}`,
      `# ${'z'.repeat(5000)}\n`,
      'content_by_lua_block {',
      'include /conf;',
    ],
  ),
  cut: fc.nat({ max: 3 }),
})

export const nginxTrees: fc.Arbitrary<NginxFiles> = fc
  .record({
    http,
    site10: fc.array(server, { maxLength: 2 }),
    site20: fc.array(server, { maxLength: 1 }),
    params: fc.array(simple('fastcgi_param', word('P', 'Q'), text), { maxLength: 3 }),
    mapped: fc.array(simple('/mapped', text), { maxLength: 1 }),
    crlf: fc.boolean(),
    torn: fc.option(torn),
  })
  .map((given) => {
    const lineEnds = (each: string) => (given.crlf ? each.replaceAll(/\r?\n/g, '\r\n') : each)
    const files = new Map([
      [
        main,
        `events{}error_log /dev/null;pid ${pidFile};http{access_log off;server{listen 8099;}\n${laidOut(given.http)}}`,
      ],
      [`${folder}/sites/10-one`, laidOut(given.site10)],
      [`${folder}/sites/20-two`, lineEnds(laidOut(given.site20))],
      [`${folder}/sites/.hidden`, 'torn {'],
      [`${folder}/snippets/params.conf`, laidOut(given.params)],
      [`${folder}/snippets/q.conf`, '# nothing but this'],
      [`${folder}/maps/a.map`, laidOut(given.mapped)],
      [`${folder}/conf.d/empty.conf`, ''],
    ])
    return given.torn ? tear(files, given.torn) : files
  })

function tear(files: NginxFiles, { where, which, piece, cut }: Torn): NginxFiles {
  const paths = [main, main, `${folder}/sites/10-one`, `${folder}/snippets/params.conf`]
  const path = paths[which % paths.length] ?? main
  const before = files.get(path) ?? ''
  const at = where % (before.length + 1)
  return new Map(files).set(path, before.slice(0, at) + piece + before.slice(at + (cut === 3 ? 1 : 0)))
}
