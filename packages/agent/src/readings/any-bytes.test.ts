/**
 * Text from a host may be anything. Every reading that takes such text takes any bytes: it does not throw, and its time
 * grows with their number. A reading that is in neither list below fails here.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JournalEntry } from './journal.ts'
import type { NginxDirective } from './nginx-config.ts'

type Reading = (...given: readonly never[]) => unknown
type Take = (text: string) => readonly unknown[]

const asIs: Take = (text) => [text]
const onlyFile = (text: string) => () => ({ ok: true, text }) as const
const noFile = () => []
const build = { prefix: '/usr/share/nginx', accessLog: '/a', errorLog: '/e' }
const claims = { exact: new Map(), leading: new Map(), trailing: new Map(), patterns: [] }
const directive = (text: string): NginxDirective => ({
  name: 'fastcgi_pass',
  args: [text, text],
  path: text,
  line: 1,
  span: { start: 0, end: 0 },
  argSpans: [],
  block: null,
  bodySpan: null,
})

/** Readings by their name, each with how the text goes in. */
const fed: Readonly<Record<string, Take>> = {
  accountId: (text) => [text, 'www-data'],
  accountWithId: (text) => [text, 33],
  accountsOfGroup: (text) => [text, 33],
  asksBeyondFiles: (text) => [text, 'passwd'],
  groupsOfMember: (text) => [text, 'www-data'],
  cgroupPlace: (text) => [text, 'memory'],
  readDiskSpace: (text) => [text, ['/var/log']],
  readFpmConfig: (text) => ['/f', onlyFile(text), noFile, '/usr'],
  readIniName: (text) => [text, 0, 'section'],
  readIniValue: (text) => [`${text}\n`, 0],
  listenAddress: (text) => [text, 'www', '/usr'],
  expandPool: (text) => [text, 'www'],
  acceptedAt: (text) => [text, 'unix:/run/php.sock'],
  acceptedOnPort: (text) => [text, 9000],
  localhostAddresses: (text) => [text, text],
  readNginxConfig: (text) => ['/f', onlyFile(text), noFile],
  luaBlock: (text) => [text, 0],
  matchesName: (text) => [text, 'www.example.com'],
  misfit: (text) => [text, ';', 'directives', 'http'],
  accessLogs: (text) => [[[{ ...directive(text), name: 'access_log' }]], build],
  errorLogs: (text) => [[[{ ...directive(text), name: 'error_log' }]], build],
  fullPath: (text) => [text, build],
  readListen: (text) => [[text, text]],
  claimedBy: (text) => [text, claims],
  nameClaims: (text) => [[{ names: [text] }]],
  fastcgiParameter: (text) => [[[{ ...directive(text), name: 'fastcgi_param' }]], text],
  scriptFolderOf: (text) => [text, text],
  proxyAddresses: (text) => [text, new Map()],
  isLoggedAs: (text) => [text, 'unix:/run/php.sock'],
  readOomKills: (text) => [[{ message: text, identifier: 'kernel' } as JournalEntry]],
  readAuditMessage: (text) => [text, 0],
  readProcess: (text) => [text, text, text],
  readWorkerMemory: (text) => [text, text],
  processStartMs: (text) => [5, text, 0],
  readDroppedConnections: (text) => [new Set([9000]), text],
  readPortTries: (text) => [9000, text],
  rotatedLogs: (text) => ['error.log', [`error.log${text}`, text]],
  isNamed: (text) => [{ serverName: text, serverNames: [text] }, text],
  mountOf: (text) => [[{ path: text }], text],
  ...Object.fromEntries(
    [
      ...[
        'atoi',
        'blockedReadOf',
        'canonicalIpv6',
        'componentPattern',
        'forPeople',
        'fpmBoolean',
        'fpmInteger',
        'isFpmWithoutTitle',
        'isInAccept',
      ],
      ...[
        'fpmProcessManager',
        'fpmSeconds',
        'grammarOf',
        'isJsonObject',
        'jsonObject',
        'literalName',
        'localTimeMs',
        'loggedUpstreamAddress',
      ],
      ...['nameMatching', 'nginxBytes', 'nginxTimeMs', 'nginxTokens', 'readAccessLog', 'readAccountNames', 'readAcls'],
      ...['readAdminSessions', 'readAuditLog', 'readCgroupPaths', 'readCounters', 'readCredentials'],
      ...['readFpmConfigErrors', 'readFpmDump', 'readFpmLog', 'readFpmMessage', 'readFpmSlowLog', 'readFpmStatus'],
      ...['readFpmTitle', 'readIniLine', 'readIpv4Addresses', 'readIpv6Addresses', 'readJournal', 'readMeminfo'],
      ...['readMountInfo', 'readNginxConfigErrors', 'readNginxDump', 'readNginxErrorLog', 'readPeakMiB'],
      ...['readProcTcpListeners', 'readProcUnixListeners', 'readTcpListeners', 'readTcpUse', 'readTimeSpanUs'],
      ...['readUnitProperties', 'readUnixListeners', 'readUnixUse', 'readWrongLabels', 'socketInode'],
      ...['upstreamAddresses', 'withoutComments'],
    ].map((name) => [name, asIs]),
  ),
}

/** What takes only what a reading above has made, or bytes that become text. */
const takesValues = new Set([
  ...[
    'applySplices',
    'bytesOf',
    'textOf',
    'denialOf',
    'effectiveDirectives',
    'includesIn',
    'includesOf',
    'insertBeside',
    'insertDirective',
    'nearest',
    'remembered',
  ],
  ...['nginxRoute', 'nginxSites', 'passLocations', 'probeAddress', 'probeName', 'proxiedSites', 'readNginxAllowance'],
  ...['readUpstreamGroups', 'setArgument', 'setGlobalDirective', 'setPoolDirective', 'socketKey', 'useOf'],
  // Held against any bytes in hostile-logs.test.ts, with the stamps of each log.
  'firstStamp',
])

const modules = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|^(?:sample|expected)-/.test(name))
  .map((name) => name.replace(/\.ts$/, ''))
const exported = (
  await Promise.all(
    modules.map(async (name) =>
      Object.entries((await import(join(import.meta.dirname, `${name}.ts`))) as Readonly<Record<string, unknown>>),
    ),
  )
)
  .flat()
  .filter((entry): entry is [string, Reading] => typeof entry[1] === 'function')

test('every reading is held against any bytes', () => {
  const names = exported.map(([name]) => name)
  expect(names.filter((name) => !Object.hasOwn(fed, name) && !takesValues.has(name))).toEqual([])
  expect([...Object.keys(fed), ...takesValues].filter((name) => !names.includes(name))).toEqual([])
})

const cases = join(import.meta.dirname, 'cases')
/** What real programs wrote, by the reading it was recorded for. */
const recordings = readdirSync(cases).map((name) =>
  readdirSync(join(cases, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.read\.json$|\.ts$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')),
)

/** Words of real files with what stands between them, so that what is made of them is nearly something. */
const words = [...new Set(recordings.flat().flatMap((text) => text.slice(0, 4000).split(/(?<=[^\w.])|(?=[^\w.])/)))]
const nearly = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((all) => all.join(''))
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1'))
const json = fc.oneof(
  fc.json(),
  fc.json().map((text) => `[${text}]`),
  fc.array(fc.json()).map((all) => all.join('\n')),
)

/** What once was too much for one of them. */
const examples: [string][] = [
  ['null'],
  ['[null]'],
  ['{"pool":"","total processes":1,"processes":[null]}'],
  ['[z-a]'],
  ['[!z-\\a]'],
]

const muchBytes = 256 * 1024
/** Repeated, they are the worst that text can be: what opens and never closes, what could begin anywhere. */
const pieces = [
  ...['\n', '\r\n', ' ', '\t', 'a', '0', '"', "'", '\\', '\\"', '/', ':', '.', ',', ';', '=', '-', '#', '\0', '\xff'],
  ...[
    '(',
    '[',
    '{',
    '[[',
    '${',
    '$',
    '{}',
    '{"a":',
    '[0,',
    'a=',
    'a b',
    'a\n',
    '=\n',
    '"a" ',
    '(a',
    'a:b:',
    ' 0 1',
    '1.',
  ],
  ...[
    'a{',
    'a;',
    'x_by_lua_block{',
    '--[[',
    '"\\',
    "''",
    '$pool',
    '*',
    '[!',
    'a=$',
    '\u00ef\u00bb\u00bf',
    '|',
    '(?:',
    'a*',
  ],
]
const longest = recordings.map(
  (texts) => texts.flatMap((text) => text.split('\n')).toSorted((a, b) => b.length - a.length)[0] ?? '',
)
const shapes = [...pieces, ...longest.flatMap((line) => [`${line.slice(0, 300)} `, `${line.slice(0, 3000)}\n`])]

describe.each(exported.filter(([name]) => Object.hasOwn(fed, name)))('%s', (name, read) => {
  const take = fed[name] ?? asIs
  const run = (text: string): void => void read(...(take(text) as never[]))

  test('takes any bytes', () => {
    fc.assert(fc.property(fc.oneof(bytes, nearly, json), run), { numRuns: 300, examples })
  })

  test('takes much of the worst in time that grows with it', () => {
    const stuck = shapes.filter((piece) => !ends(() => run(piece.repeat(Math.ceil(muchBytes / piece.length)))))
    expect(stuck).toEqual([])
  })
})

/** Not a measurement: what takes time by the square would go on for minutes. */
const hangMs = 8000

/** Whether it comes to an end by itself. A loop that hangs would hold the test's own timer, too; V8's watchdog stops it. */
function ends(run: () => void): boolean {
  const shared = globalThis as typeof globalThis & { fleetmendRun?: () => void }
  shared.fleetmendRun = run
  try {
    new Script('fleetmendRun()').runInThisContext({ timeout: hangMs })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false
    throw error
  } finally {
    delete shared.fleetmendRun
  }
}
