import { expect, test } from 'vitest'
import { readKnownHosts } from '../readings/known-hosts.ts'
import { hostKeyProblem, keyFingerprint } from './host-key-problem.ts'
import { hostKeyAlgorithms, judgeHostKey, type KnownKey, type NamedHost } from './judge-host-key.ts'
import { sampleHostKey } from './sample-host-keys.ts'

const [ed25519, other, ecdsa, rsa] = [
  sampleHostKey('-t', 'ed25519'),
  sampleHostKey('-t', 'ed25519'),
  sampleHostKey('-t', 'ecdsa', '-b', '256'),
  sampleHostKey('-t', 'rsa', '-b', '2048'),
]

const web: NamedHost = { hostName: 'web-1', port: 22, hostKeyAlias: null }
const onPort: NamedHost = { ...web, port: 2222 }

function known(...lines: readonly string[]): readonly KnownKey[] {
  return readKnownHosts(lines.join('\n')).map((line) => ({ ...line, file: '/home/ana/.ssh/known_hosts' }))
}

test.each([
  { says: 'the key that stands there', lines: [`web-1 ${ed25519.text}`], is: 'known' },
  { says: 'one of several', lines: [`web-1 ${rsa.text}`, `web-1 ${other.text}`, `web-1 ${ed25519.text}`], is: 'known' },
  { says: 'nothing', lines: [], is: 'unknown' },
  { says: 'only other hosts', lines: [`web-2 ${ed25519.text}`, `[web-1]:2222 ${ed25519.text}`], is: 'unknown' },
  { says: 'another key of the type', lines: [`web-1 ${other.text}`], is: 'changed' },
  { says: 'only a key of another type', lines: [`web-1 ${rsa.text}`], is: 'changed' },
  { says: 'the key, revoked', lines: [`web-1 ${ed25519.text}`, `@revoked * ${ed25519.text}`], is: 'revoked' },
  { says: 'another key, revoked', lines: [`@revoked * ${other.text}`], is: 'unknown' },
  { says: 'the key, revoked for others', lines: [`@revoked db-* ${ed25519.text}`], is: 'unknown' },
  { says: 'the key as an authority', lines: [`@cert-authority * ${ed25519.text}`], is: 'unknown' },
  { says: 'its name in capitals', lines: [`WEB-1 ${ed25519.text}`], is: 'known' },
  { says: 'a pattern that leaves it out', lines: [`web-*,!web-1 ${ed25519.text}`], is: 'unknown' },
])('with $says it is $is', ({ lines, is }) => {
  expect(judgeHostKey(known(...lines), web, ed25519.blob).kind).toBe(is)
})

test.each([
  { says: 'the key at the port', lines: [`[web-1]:2222 ${ed25519.text}`], is: 'known' },
  { says: 'the key at the name', lines: [`web-1 ${ed25519.text}`], is: 'known' },
  { says: 'another key at the name', lines: [`web-1 ${other.text}`], is: 'unknown' },
  { says: 'another at the port', lines: [`[web-1]:2222 ${other.text}`, `web-1 ${ed25519.text}`], is: 'changed' },
  { says: 'the key revoked at the name', lines: [`@revoked web-1 ${ed25519.text}`], is: 'revoked' },
])('on another port, with $says it is $is', ({ lines, is }) => {
  expect(judgeHostKey(known(...lines), onPort, ed25519.blob).kind).toBe(is)
})

test('an alias stands in the place of name and port', () => {
  const aliased: NamedHost = { ...onPort, hostKeyAlias: 'Web' }
  expect(judgeHostKey(known(`web ${ed25519.text}`), aliased, ed25519.blob).kind).toBe('known')
  expect(judgeHostKey(known(`[web-1]:2222,web-1 ${ed25519.text}`), aliased, ed25519.blob).kind).toBe('unknown')
})

test('a change names every line that it contradicts, those of the same type first', () => {
  const verdict = judgeHostKey(known('', `web-1 ${rsa.text}`, `web-1 ${other.text}`), web, ed25519.blob)
  expect(verdict).toMatchObject({ kind: 'changed', contradicts: [{ line: 3 }, { line: 2 }] })
})

test.each([
  { says: 'what is known alone', lines: [`web-1 ${ecdsa.text}`], host: web, asks: ['ecdsa-sha2-nistp256'] },
  { says: 'an RSA key over SHA-2', lines: [`web-1 ${rsa.text}`], host: web, asks: ['rsa-sha2-512', 'rsa-sha2-256'] },
  {
    says: 'all types, where a type is only revoked or signs',
    lines: [`@revoked * ${rsa.text}`, `@cert-authority * ${ecdsa.text}`],
    host: web,
    asks: all('ssh-ed25519'),
  },
  { says: 'all types of a new host, the best first', lines: [], host: web, asks: all('ssh-ed25519') },
  {
    says: 'all types on a new port, what the name has first',
    lines: [`web-1 ${rsa.text}`],
    host: onPort,
    asks: all('rsa-sha2-512', 'rsa-sha2-256'),
  },
])('asks for $says', ({ lines, host, asks }) => {
  expect(hostKeyAlgorithms(known(...lines), host)).toEqual(asks)
})

/** All algorithms, these first. */
function all(...first: readonly string[]): readonly string[] {
  const ecdsas = ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521']
  const names = ['ssh-ed25519', ...ecdsas, 'rsa-sha2-512', 'rsa-sha2-256']
  return [...first, ...names.filter((name) => !first.includes(name))]
}

test.each([ed25519, ecdsa, rsa])('the fingerprint is the one of ssh-keygen -l', ({ blob, fingerprint }) => {
  expect(keyFingerprint(blob)).toBe(fingerprint)
})

const target = {
  ...onPort,
  alias: 'deploy@web-1:2222',
  written: { user: 'deploy', host: 'web-1', port: 2222 },
  newKeysFile: '/home/ana/.ssh/known_hosts',
}

test('of a change a person is told where it stands and how to forget it', () => {
  const verdict = judgeHostKey(known(`[web-1]:2222 ${other.text}`), onPort, ed25519.blob)
  const told = hostKeyProblem(verdict, target, ed25519.blob)
  expect(told?.code).toBe('ssh-host-changed')
  expect(told?.detail).toContain(`ssh-ed25519 ${other.fingerprint} in /home/ana/.ssh/known_hosts line 1`)
  expect(told?.detail).toContain(`\n    ssh-keygen -R '[web-1]:2222' -f /home/ana/.ssh/known_hosts`)
})

test('of an unknown key a person is told its fingerprint and how to accept it', () => {
  const told = hostKeyProblem({ kind: 'unknown', authorities: [] }, target, ed25519.blob)
  expect(told?.code).toBe('ssh-host-unknown')
  expect(told?.detail).toContain(ed25519.fingerprint)
  expect(told?.detail).toContain('\n    ssh -l deploy -p 2222 web-1 true')
  expect(told?.detail).toContain('accept-new')
})

test('of an authority it is said that ssh2 cannot check it, and where it stands', () => {
  const verdict = judgeHostKey(known(`@cert-authority web-* ${ecdsa.text}`), web, ed25519.blob)
  expect(hostKeyProblem(verdict, target, ed25519.blob)?.detail).toContain(
    "signed by a certificate authority (/home/ana/.ssh/known_hosts line 1), which only the system's ssh checks",
  )
})

test('a revoked key names its line, and of a known one there is nothing to tell', () => {
  const revoked = judgeHostKey(known(`@revoked * ${ed25519.text}`), web, ed25519.blob)
  const told = hostKeyProblem(revoked, target, ed25519.blob)
  expect(told).toMatchObject({ code: 'ssh-host-revoked', detail: expect.stringContaining('known_hosts line 1') })
  expect(hostKeyProblem(judgeHostKey(known(`web-1 ${rsa.text}`), web, rsa.blob), target, rsa.blob)).toBeNull()
})
