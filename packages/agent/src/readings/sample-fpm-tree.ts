/**
 * Random trees of FPM configuration for properties, made of the lines that real files have: reopened sections, snippets
 * that two pools include, both line endings, a missing last line break, odd spacing. FPM accepts nearly all of them.
 */
import fc from 'fast-check'
import { componentPattern } from './glob-pattern.ts'
import { readFpmConfig, type FpmConfig } from './fpm-config.ts'

/** Path to text. A path that ends in `/` is a directory. */
export type FpmTree = ReadonlyMap<string, string>

export const sampleTreeMain = '/etc/php/8.2/fpm/php-fpm.conf'
export const sampleTreePools = ['www', 'shop'] as const

/** Directives with values that FPM takes for them; all but the last two of the first list are pools' own. */
export const sampleTreeDirectives = {
  pool: {
    'pm.max_children': ['4', '16'],
    'pm.max_requests': ['0', '500'],
    request_terminate_timeout: ['30s', '5m', '0'],
    catch_workers_output: ['yes', 'no'],
    slowlog: ['/var/log/$pool.slow', '/tmp/a b.log', '/tmp/x(1).log', '/tmp/~;=.log', '/tmp/it\'s "q" \\.log'],
    rlimit_files: ['1024', '2048'],
    'process.priority': ['0', '-5'],
  },
  global: {
    process_control_timeout: ['10s', '0', '1m'],
    emergency_restart_threshold: ['0', '10'],
    log_buffering: ['yes', 'off'],
    rlimit_files: ['1024', '2048'],
    'process.priority': ['0', '-5'],
  },
} as const satisfies Record<string, Record<string, readonly string[]>>

export function readTree(tree: FpmTree, main = sampleTreeMain, prefix = '/usr'): FpmConfig {
  const reading = readFpmConfig(
    main,
    (path) => {
      const text = tree.get(path)
      return text === undefined ? { ok: false, says: 'no such file' } : { ok: true, text }
    },
    (pattern) => matching(tree, pattern),
    prefix,
  )
  if (!reading.ok) throw new Error(reading.says)
  return reading.value
}

function matching(tree: FpmTree, pattern: string): readonly string[] {
  const parts = pattern.split('/').map(componentPattern)
  return [...tree.keys()]
    .filter((path) => {
      const names = path.replace(/\/$/, '').split('/')
      return names.length === parts.length && parts.every((part, i) => part.test(names[i] ?? ''))
    })
    .toSorted()
}

type Block = 'pool' | 'global'

function directiveLine(block: Block): fc.Arbitrary<string> {
  const directives: Readonly<Record<string, readonly string[]>> = sampleTreeDirectives[block]
  const choices = Object.entries(directives).flatMap(([name, values]) => values.map((value) => ({ name, value })))
  const layout = fc.constantFrom(
    (name: string, value: string) => `${name} = ${value}`,
    (name: string, value: string) => `${name}=${value}`,
    (name: string, value: string) => `  ${name}\t =   ${value}  `,
    (name: string, value: string) => `${name.toUpperCase()} = ${value} ; for now`,
    (name: string, value: string) => `\t${name} = ${value};for now`,
    (name: string, value: string) => `;${name} = ${value}`,
    (name: string, value: string) => ` ; ${name} = ${value}`,
  )
  return fc.tuple(fc.constantFrom(...choices), layout, fc.boolean()).map(([{ name, value }, write, quoted]) => {
    const special = /[^\w$./-]/.test(value)
    return write(name, quoted || special ? `"${value.replace(/["\\]/g, '\\$&')}"` : value)
  })
}

const otherLine = fc.constantFrom(
  '',
  '   ',
  '; a remark',
  ';[www]',
  ';include=/etc/php/8.2/fpm/pool.d/*.conf',
  '\t; said "so"; twice',
)

function body(block: Block): fc.Arbitrary<readonly string[]> {
  const entry = fc.constantFrom('env[TMP] = /tmp', 'php_admin_value[memory_limit] = 128M', 'php_value[x] = "a;b"')
  const include = fc.constantFrom(
    'include=/etc/php/8.2/fpm/snippets/common.conf',
    'include = "/etc/php/8.2/fpm/snippets/l*.conf" ; shared',
  )
  const more =
    block === 'pool'
      ? [
          { arbitrary: entry, weight: 1 },
          { arbitrary: include, weight: 1 },
        ]
      : []
  return fc.array(
    fc.oneof({ arbitrary: directiveLine(block), weight: 4 }, { arbitrary: otherLine, weight: 1 }, ...more),
    { maxLength: 5 },
  )
}

const poolHeader = fc.constantFrom(
  '[www]',
  '[shop]',
  '[WWW]',
  '[shop]   ',
  '[www] ; the shop front',
  '\t[shop]',
  '["www"]',
)
const section = fc.oneof(
  { arbitrary: fc.tuple(poolHeader, body('pool')).map(([header, lines]) => [header, ...lines]), weight: 3 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom('[global]', '[Global]'), body('global'))
      .map(([header, lines]) => [header, ...lines]),
    weight: 1,
  },
)

interface Ending {
  readonly crlf: boolean
  readonly open: boolean
  readonly mark: boolean
}

const ending = fc.record({ crlf: fc.boolean(), open: fc.boolean(), mark: fc.boolean() })

function fileText(lines: readonly string[], { crlf, open, mark }: Ending): string {
  const lineBreak = crlf ? '\r\n' : '\n'
  return (mark ? '\u00ef\u00bb\u00bf' : '') + lines.join(lineBreak) + (open ? '' : lineBreak)
}

function file(lines: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> {
  return fc.tuple(lines, ending).map(([all, how]) => fileText(all, how))
}

const sections = fc.array(section, { maxLength: 3 }).map((all) => all.flat())
const snippet = fc.array(fc.oneof(directiveLine('pool'), otherLine), { maxLength: 3 })

/** What FPM insists on, so that a random tree passes its test. */
const mandatory = sampleTreePools.flatMap((pool) => [
  `[${pool}]`,
  'user = www-data',
  'listen = /run/php/$pool.sock',
  'pm = static',
  'pm.max_children = 2',
])

const mainLines = fc
  .tuple(
    body('global'),
    sections,
    fc.array(fc.constantFrom('include=/etc/php/8.2/fpm/pool.d/*.conf'), { maxLength: 1 }),
    sections,
  )
  .map(([first, before, include, after]) => [...first, ...mandatory, ...before, ...include, ...after])

/** A pool file may begin without a header: it then goes on with the section that was being read. */
const poolFile = fc
  .tuple(fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, { arbitrary: snippet, weight: 1 }), sections)
  .map((all) => all.flat())

export const fpmTrees: fc.Arbitrary<FpmTree> = fc
  .record({ main: file(mainLines), a: file(poolFile), b: file(poolFile), common: file(snippet), limits: file(snippet) })
  .map(
    ({ main, a, b, common, limits }) =>
      new Map([
        [sampleTreeMain, main],
        ['/etc/php/8.2/fpm/pool.d/a.conf', a],
        ['/etc/php/8.2/fpm/pool.d/b.conf', b],
        ['/etc/php/8.2/fpm/snippets/common.conf', common],
        ['/etc/php/8.2/fpm/snippets/limits.conf', limits],
      ]),
  )
