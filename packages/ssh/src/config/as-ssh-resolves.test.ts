/** Held against the real thing: `ssh -G` says what it makes of a configuration, and `ssh -v` which keys it would take. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { readSshConfig } from '../readings/ssh-config.ts'
import { meantBy } from '../readings/ssh-settings.ts'
import { sshEnvironment } from './resolve-ssh-target.ts'
import { configFilesOf } from './ssh-config-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'fleetmend-ssh-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'config')

const variables = { PATH: process.env['PATH'], SSH_AUTH_SOCK: '/run/agent.sock', KEYS: '/srv/keys' }
const here = sshEnvironment(variables)
const configFiles = [{ path: file, isUsers: true, isGuarded: false }]
const { home, name: me } = here.person

function ssh(...args: readonly string[]) {
  const { stdout, stderr, status, error } = spawnSync('ssh', ['-F', file, ...args], {
    encoding: 'utf8',
    env: variables,
  })
  if (error) throw error
  return { stdout, stderr, status }
}

interface Resolved {
  readonly identityFiles: readonly string[]
  readonly [word: string]: unknown
}

/** As `ssh -G` prints it, in our words; null where it refuses. */
function asSshSays(host: string, ...options: readonly string[]): Resolved | null {
  const { stdout, status } = ssh('-G', ...options, host)
  if (status !== 0) return null
  const lines = stdout
    .split('\n')
    .map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)] as const)
  const all = (word: string) => lines.filter(([each]) => each === word).map(([, value]) => value)
  const one = (word: string) => all(word)[0]
  const strict = one('stricthostkeychecking') ?? ''
  return {
    hostName: one('hostname'),
    user: one('user'),
    port: Number(one('port')),
    // It prints them before `~` and tokens are replaced, and has had other defaults in every release.
    identityFiles: all('identityfile').map((path) => path.replace(/^~/, home)),
    jumps: one('proxyjump') ?? '',
    userFiles: one('userknownhostsfile'),
    hostKeyAlias: one('hostkeyalias') ?? null,
    identitiesOnly: one('identitiesonly') === 'yes',
    unknownHost: ['true', 'ask'].includes(strict) ? 'refuse' : 'accept-new',
  }
}

function asWeSay(host: string, port: number | null = null): Resolved | null {
  const asked = { host, user: null, port, jump: null }
  const settings = readSshConfig(asked, configFiles, here.person, configFilesOf(here.person.uid))
  const meant = settings.ok ? meantBy(settings.value, asked, here.person) : settings
  if (!meant.ok) return null
  const { hostName, user, hostKeyAlias, identityFiles, identitiesOnly, unknownHost, knownHostsFiles } = meant.value
  return {
    ...{ hostName, user, port: meant.value.port, hostKeyAlias, identityFiles, identitiesOnly, unknownHost },
    userFiles: knownHostsFiles.filter((path) => !path.startsWith('/etc/ssh/')).join(' '),
    jumps: meant.value.jumpWords.join(','),
  }
}

const key = 'IdentityFile ~/.ssh/k'
const included = join(folder, 'included')
mkdirSync(included)
writeFileSync(join(included, 'b.conf'), 'Host web-2\nUser from-b\nHost *\nPort 2002\n')
writeFileSync(join(included, 'a.conf'), 'Host web-1\nUser from-a\n')
writeFileSync(join(included, '.hidden.conf'), 'User hidden\n')
writeFileSync(join(included, 'round.conf'), `Include ${included}/round.conf\n`)

test.each([
  { says: 'the first value', config: 'Host web-1\nPort 1\nHost web-*\nPort 2\nUser ana' },
  { says: 'no Host line at all', config: 'User ana\nHost db\nUser ben' },
  { says: 'patterns', config: 'Host db web-? !web-2\nUser ana' },
  { says: 'a pattern that is left out', config: 'Host web-* !web-1\nUser ana\nHost *\nUser ben' },
  { says: 'only what is left out', config: 'Host !web-2\nUser ana' },
  { says: 'equal signs', config: 'Host = web-1\nUser=ana\nPort =\t2\nHostName= x' },
  { says: 'quotes', config: 'Host "web-1" \'db\'\nUser "ana b"\nUserKnownHostsFile "/tmp/a b" /tmp/c\\ d' },
  { says: 'comments', config: 'Host web-1 # ours\n  User ana # me\n#Port 3\n\n   # x' },
  { says: 'capitals', config: 'HOST web-1\nuSER ana\nHostName WEB-1.Example.COM\nHostKeyAlias WEB' },
  { says: 'blanks and an end from Windows', config: '\t Host web-1\r\n\tUser ana\r\n Port 22\t \r\n' },
  { says: 'HostName with tokens', config: 'Host *\nHostName %h.example.com' },
  { says: 'HostName with a percent sign', config: 'HostName fe80::1%%eth0' },
  { says: 'an address of IPv6', config: 'HostName FE80:0:0::0001' },
  { says: 'identity files one after the other', config: `Host web-1\n${key}1\nHost *\n${key}2\n${key}1` },
  { says: 'a known hosts file with tokens', config: 'UserKnownHostsFile ~/.ssh/%h-%p-%n-%r-%u-%d-%i %%x\nUser ana' },
  { says: 'a known hosts file from the environment', config: 'UserKnownHostsFile ${KEYS}/known' },
  { says: 'one jump', config: 'ProxyJump bastion' },
  { says: 'jumps', config: 'ProxyJump ana@one:2022,two,ben@three' },
  { says: 'no jump, first', config: 'Host web-1\nProxyJump none\nHost *\nProxyJump bastion' },
  { says: 'a command before a jump', config: 'ProxyCommand nc %h %p\nProxyJump bastion' },
  { says: 'a jump before a command', config: 'ProxyJump bastion\nProxyCommand nc %h %p' },
  { says: 'Match all', config: 'Match all\nUser ana' },
  { says: 'Match host, after a HostName', config: 'Host web-1\nHostName db.example.com\nMatch host db.*\nUser ana' },
  { says: 'Match originalhost', config: 'HostName x\nMatch originalhost web-*,!web-2\nUser ana' },
  { says: 'Match not', config: 'Match !host web-2\nUser ana\nMatch !host web-1\nPort 3' },
  { says: 'Match user', config: 'User ana\nMatch user ana,ben\nPort 3\nMatch user carl\nPort 4' },
  { says: 'Match localuser', config: `Match localuser ${me}\nPort 3\nMatch localuser nobody-else\nUser x` },
  {
    says: 'Match with two conditions',
    config: 'User ana\nMatch host web-1 user ben\nPort 2\nMatch host web-1 user ana\nPort 3',
  },
  { says: 'Match final', config: 'Host web-1\nHostName db.example.com\nMatch final host db.example.com\nUser ana' },
  { says: 'Host, after a second pass', config: 'Host db\nUser ana\nHost web-1\nHostName db\nMatch final all\nPort 3' },
  { says: 'Match canonical', config: 'Match canonical all\nUser ana' },
  { says: 'includes by pattern', config: `User first\nInclude ${included}/[ab].conf\nPort 9` },
  {
    says: 'an include under a Host',
    config: `Host web-1\nInclude ${included}/*.conf\nUser late\nHost *\nPort 9`,
    refused: true,
  },
  { says: 'an include where it does not apply', config: `Host db\nInclude ${included}/[a-b].conf\nHost *\nUser late` },
  { says: 'an include that is not there', config: `Include ${included}/nothing.conf none*\nUser ana` },
  { says: 'an include of itself', config: `Include ${included}/round.conf`, refused: true },
  { says: 'StrictHostKeyChecking accept-new', config: 'StrictHostKeyChecking accept-new' },
  { says: 'StrictHostKeyChecking off', config: 'StrictHostKeyChecking off' },
  { says: 'StrictHostKeyChecking yes', config: 'StrictHostKeyChecking Yes' },
  { says: 'IdentitiesOnly', config: 'IdentitiesOnly yes' },
  { says: 'what is ignored', config: 'IgnoreUnknown Use*,foo\nUseTheForce yes\nFoo bar\nUser ana' },
  { says: 'an unknown keyword', config: 'Usr ana', refused: true },
  { says: 'a keyword alone', config: 'User', refused: true },
  { says: 'a quote that does not end', config: 'User "ana', refused: true },
  { says: 'a bad port', config: 'Port 99999', refused: true },
  { says: 'two ports', config: 'Port 1 2', refused: true },
  { says: 'a bad Match', config: 'Match moon full\nUser ana', refused: true },
  { says: 'Match all with others', config: 'Match host web-1 user ana all\nUser ana', refused: true },
  { says: 'a HostName that means nothing', config: 'HostName %q', refused: true },
])('$says is what ssh makes of it', ({ config, refused = false }) => {
  const withKey = /IdentityFile/.test(config) ? config : `${config}\nHost *\n${key}`
  writeFileSync(file, `${withKey}\n`)
  const expected = asSshSays('web-1')
  expect(expected === null).toBe(refused)
  expect(asWeSay('web-1')).toEqual(expected)
})

const hosts = fc.constantFrom('web-1', 'web-2', 'db', 'db.example.com', 'WEB-1')
const patterns = fc
  .array(fc.constantFrom('web-1', 'web-*', 'db*', '*', '!web-2', '!*.com', 'WEB-1', '?b'), {
    minLength: 1,
    maxLength: 3,
  })
  .map((all) => all.join(' '))
const list = patterns.map((all) => all.replaceAll(' ', ','))
// Not `!final`: until 9.8 that, too, had `ssh` read everything a second time.
const condition = fc.oneof(
  fc.tuple(fc.constantFrom('host', '!host', 'originalhost', 'user', '!user'), list).map((all) => all.join(' ')),
  fc.constantFrom('final', 'canonical', '!canonical', 'localuser root', 'user ana,ben'),
)
const line = fc.oneof(
  patterns.map((all) => `Host ${all}`),
  fc.array(condition, { minLength: 1, maxLength: 2 }).map((all) => `Match ${all.join(' ')}`),
  fc.constantFrom('Match all', 'Match final all'),
  fc.constantFrom('HostName db.example.com', 'HostName %h.internal', 'HostName 10.0.0.1', 'HostName WEB-2'),
  fc.constantFrom('User ana', 'User=ben', '  User "carl"', 'Port 22', 'Port = 2022', 'port 443'),
  fc.constantFrom('IdentityFile ~/.ssh/a', 'IdentityFile /srv/b', 'IdentityFile ~/.ssh/c', 'IdentitiesOnly yes'),
  fc.constantFrom('ProxyJump one', 'ProxyJump ana@two:22', 'ProxyJump one,two', 'ProxyJump none', 'ProxyCommand none'),
  fc.constantFrom('UserKnownHostsFile ~/.ssh/known_%h', 'UserKnownHostsFile /srv/%n /srv/%r', 'HostKeyAlias Web'),
  fc.constantFrom('StrictHostKeyChecking yes', 'StrictHostKeyChecking no', 'StrictHostKeyChecking accept-new'),
  fc.constantFrom('# a comment', '', `Include ${included}/[ab].conf`, `Include ${included}/a.conf`),
)

test('whatever the configuration, it is what ssh makes of it', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 14 }), hosts, fc.constantFrom(null, 2222), (lines, host, port) => {
      // An identity file always, for the defaults are not the same in each release.
      writeFileSync(file, `${[...lines, 'Match all', key].join('\n')}\n`)
      const options = port === null ? [] : ['-p', String(port)]
      expect(asWeSay(host, port)).toEqual(asSshSays(host, ...options))
    }),
    { numRuns: 60 },
  )
})

test.each(['~/.ssh/%h-%r', '%d/keys/%u@%n', '${KEYS}/%%-%p', '/srv/%i-%l', '~', '%k-%L'])(
  'IdentityFile %s is the file that ssh opens',
  (path) => {
    const config = `Host web-1\nHostName 10.0.0.1\nUser ana\nPort 2022\nIdentityFile ${path}\n`
    writeFileSync(file, config)
    const { stderr } = ssh('-v', '-o', 'ProxyCommand=false', 'web-1', 'true')
    expect([...stderr.matchAll(/identity file (.*) type /g)].map(([, opened]) => opened)).toContain(
      asWeSay('web-1')?.identityFiles[0],
    )
  },
)
