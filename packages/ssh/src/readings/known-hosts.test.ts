import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { hashedName, hostKeyTypeOf, isNamedBy, readKnownHosts } from './known-hosts.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1'))

const folder = mkdtempSync(join(tmpdir(), 'fleetmend-known-hosts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `type base64`, as ssh-keygen makes them. */
function newKey(name: string, ...type: readonly string[]): string {
  const file = join(folder, name)
  keygen('-q', '-N', '', '-C', '', '-f', file, ...type)
  return readFileSync(`${file}.pub`, 'utf8').trim()
}

function keygen(...args: readonly string[]): string {
  const { stdout, error } = spawnSync('ssh-keygen', args, { encoding: 'utf8' })
  if (error) throw error
  return stdout
}

const ed25519 = newKey('ed25519', '-t', 'ed25519')
const ecdsa = newKey('ecdsa', '-t', 'ecdsa', '-b', '384')
const rsa = newKey('rsa', '-t', 'rsa', '-b', '2048')
const keys = [ed25519, ecdsa, rsa]

/** Numbers of the lines that have a key for this name. */
function linesFor(text: string, name: string): readonly number[] {
  return readKnownHosts(text)
    .filter(({ names }) => isNamedBy(names, name))
    .map(({ line }) => line)
}

test.each([
  { says: 'several names', line: `web-1,10.0.0.1 ${ed25519}`, found: ['web-1', '10.0.0.1'], not: ['web-2'] },
  { says: 'a port', line: `[web-1]:2222 ${ed25519}`, found: ['[web-1]:2222'], not: ['web-1', '[web-1]:2223'] },
  { says: 'patterns', line: `*.example.com,!db.* ${rsa}`, found: ['a.example.com'], not: ['db.example.com'] },
  { says: 'capitals', line: `WEB-1 ${rsa}`, found: ['web-1'], not: [] },
  { says: 'a comment behind the key', line: `web-1 ${ecdsa} ana@laptop # new`, found: ['web-1'], not: ['new'] },
  { says: 'blanks of all kinds', line: `\t web-1 \t ${ecdsa.replace(' ', '\t')}  `, found: ['web-1'], not: [] },
  { says: 'an end from Windows', line: `web-1 ${ed25519}\r`, found: ['web-1'], not: [] },
  { says: 'a comment', line: `# web-1 ${ed25519}`, found: [], not: ['web-1', '#'] },
  { says: 'half a line', line: `web-1 ${ed25519.slice(0, -3)}`, found: [], not: ['web-1'] },
  {
    says: 'a type that is not the one of the key',
    line: `web-1 ssh-rsa ${ed25519.split(' ')[1]}`,
    found: [],
    not: ['web-1'],
  },
  { says: 'a key of protocol 1', line: 'web-1 1024 35 1234567', found: [], not: ['web-1'] },
  { says: 'a marker that nobody knows', line: `@trusted web-1 ${ed25519}`, found: [], not: ['web-1', '@trusted'] },
  { says: 'two markers', line: `@revoked @revoked web-1 ${ed25519}`, found: [], not: ['web-1'] },
])('a line with $says', ({ line, found, not }) => {
  const text = `\n${line}\n`
  expect(found.filter((name) => linesFor(text, name).length === 0)).toEqual([])
  expect(not.filter((name) => linesFor(text, name).length > 0)).toEqual([])
})

test('markers are read, with what they stand before', () => {
  const text = `@revoked * ${rsa}\n@cert-authority *.example.com ${ed25519} our CA\nweb-1 ${ecdsa}\n`
  expect(readKnownHosts(text)).toMatchObject([
    { line: 1, marker: 'revoked', names: '*', type: 'ssh-rsa' },
    { line: 2, marker: 'cert-authority', names: '*.example.com', type: 'ssh-ed25519' },
    { line: 3, marker: null, names: 'web-1', type: 'ecdsa-sha2-nistp384' },
  ])
})

const host = fc.constantFrom('web-1', 'web-2', 'db.example.com', '10.0.0.1', '[web-1]:2222', '[::1]:2222', 'fe80::1')
const pattern = fc.oneof(host, fc.constantFrom('web-*', '*.example.com', '!web-2', '!db.*', '10.0.0.?', '*', 'WEB-1'))
const names = fc.oneof(
  fc.array(pattern, { minLength: 1, maxLength: 3 }).map((all) => all.join(',')),
  host.map((name) => hashedName(name, randomBytes(20))),
)
const line = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(names, fc.constantFrom(...keys)).map((all) => all.join(' ')) },
  fc
    .tuple(fc.constantFrom('@revoked', '@cert-authority'), names, fc.constantFrom(...keys), fc.constantFrom('', ' ana'))
    .map(([marker, all, key, comment]) => `${marker} ${all} ${key}${comment}`),
  fc.constantFrom('', '# web-1 is new', `#web-1 ${ed25519}`, '  '),
)

test('it finds for a name what ssh-keygen -F finds', () => {
  const file = join(folder, 'found')
  const lines = fc.array(line, { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(lines, host, (all, name) => {
      const text = `${all.join('\n')}\n`
      writeFileSync(file, text)
      const found = [...keygen('-F', name, '-f', file).matchAll(/ found: line (\d+)/g)].map(([, at]) => Number(at))
      expect(linesFor(text, name)).toEqual(found)
    }),
    { numRuns: 30 },
  )
})

test('what ssh-keygen -H hashes is found under the same names', () => {
  const file = join(folder, 'hashed')
  writeFileSync(file, `web-1,10.0.0.1 ${ed25519}\n[web-1]:2222 ${rsa}\n`)
  keygen('-H', '-f', file)
  const text = readFileSync(file, 'utf8')
  expect(text).not.toContain('web-1')
  expect(linesFor(text, 'web-1')).toHaveLength(1)
  expect(linesFor(text, '10.0.0.1')).toHaveLength(1)
  expect(linesFor(text, '[web-1]:2222')).toHaveLength(1)
  expect(linesFor(text, 'web-2')).toEqual([])
})

test('any bytes are taken, as a file and as a key', () => {
  const words = fc.constantFrom(
    '@revoked',
    '|1|',
    '|',
    ' ',
    '\n',
    'ssh-ed25519',
    ...keys.flatMap((key) => key.split(' ')),
  )
  const text = fc.oneof(
    bytes,
    fc.array(fc.oneof(words, fc.string())).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(text, fc.string(), fc.uint8Array(), (file, name, bytes) => {
      for (const { names } of readKnownHosts(file)) isNamedBy(names, name)
      isNamedBy(file, name)
      hostKeyTypeOf(Buffer.from(bytes))
    }),
  )
})
