import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { SshTarget } from '../ssh-target.ts'
import { resolveSshTarget, sshEnvironment } from './resolve-ssh-target.ts'

const folder = mkdtempSync(join(tmpdir(), 'fleetmend-ssh-target-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'config')

const here = sshEnvironment({ SSH_AUTH_SOCK: '/run/agent.sock', KEYS: '/srv/keys' })
const environment = { ...here, configFiles: [{ path: file, isUsers: true, isGuarded: false }] }
const { home, name: me } = here.person

function resolved(alias: string, config: string): SshTarget {
  writeFileSync(file, config)
  const target = resolveSshTarget(alias, environment)
  if (!target.ok) throw new Error(target.problem.detail)
  return target.value
}

function refusal(alias: string, config: string) {
  writeFileSync(file, config)
  const target = resolveSshTarget(alias, environment)
  return target.ok ? null : target.problem
}

test.each([
  { config: '', is: '/run/agent.sock' },
  { config: 'IdentityAgent none', is: null },
  { config: 'IdentityAgent SSH_AUTH_SOCK', is: '/run/agent.sock' },
  { config: 'IdentityAgent $KEYS', is: '/srv/keys' },
  { config: 'IdentityAgent $NOTHING', is: null },
  { config: 'IdentityAgent ${KEYS}/%h.sock', is: '/srv/keys/web-1.sock' },
  { config: 'IdentityAgent ~/.1password/agent.sock', is: `${home}/.1password/agent.sock` },
])('with "$config" the agent is at $is', ({ config, is }) => {
  expect(resolved('web-1', config).agentSocket).toBe(is)
})

test('what is said in the word comes before all configuration', () => {
  const target = resolved('deploy@web-1:2222', 'User ana\nPort 22\nHost web-1\nHostName 10.0.0.1\n')
  expect(target).toMatchObject({ alias: 'deploy@web-1:2222', hostName: '10.0.0.1', user: 'deploy', port: 2222 })
})

test('what is no host is refused before anything is read', () => {
  expect(refusal('-oProxyCommand=id', 'Port x')).toMatchObject({ code: 'ssh-bad-target' })
})

test.each([
  { config: 'Host web-1\n  HostName -oProxyCommand=id', line: 2 },
  { config: '\nUser "a;id"', line: 2 },
  { config: 'Host *\n\nPort x', line: 3 },
  { config: 'ConnectTimeout soon', line: 1 },
  { config: 'StrictHostKeyChecking perhaps', line: 1 },
  { config: 'IdentityFile ${NOTHING}/key', line: 1 },
  { config: 'IdentityFile ~nobody/key', line: 1 },
  { config: 'Host a\nUsr ana', line: 2 },
])('a line that cannot be used is named: $config', ({ config, line }) => {
  const told = refusal('web-1', config)
  expect(told?.code).toBe('ssh-config-unusable')
  expect(told?.detail).toContain(`line ${line} of ${file} `)
})

test('a file that others may write is not believed, as with ssh', () => {
  const guarded = { ...environment, configFiles: [{ path: file, isUsers: true, isGuarded: true }] }
  writeFileSync(file, 'User ana\n')
  chmodSync(file, 0o666)
  expect(resolveSshTarget('web-1', guarded)).toMatchObject({ ok: false, problem: { code: 'ssh-config-unusable' } })
  chmodSync(file, 0o600)
  expect(resolveSshTarget('web-1', guarded)).toMatchObject({ ok: true, value: { user: 'ana' } })
})

test('the file of the machine says what the one of the person leaves open, and a missing one says nothing', () => {
  const [mine, machines, missing] = [file, join(folder, 'ssh_config'), join(folder, 'missing')]
  writeFileSync(mine, 'Host web-1\nUser ana\n')
  writeFileSync(machines, 'User ben\nPort 2022\n')
  const configFiles = [missing, mine, machines].map((path) => ({ path, isUsers: path !== machines, isGuarded: false }))
  expect(resolveSshTarget('web-1', { ...here, configFiles })).toMatchObject({ value: { user: 'ana', port: 2022 } })
})

test('a file that cannot be read is a problem with its name', () => {
  const configFiles = [{ path: folder, isUsers: true, isGuarded: false }]
  const told = resolveSshTarget('web-1', { ...here, configFiles })
  expect(told).toMatchObject({ ok: false, problem: { detail: expect.stringContaining(folder) } })
})

test('each host on the way is what the configuration makes of it', () => {
  const config = `Host web-*
    ProxyJump outer,ben@inner:2022
  Host outer
    HostName 192.0.2.1
    User ana
    ProxyJump first
  Host inner
    HostName 10.0.0.1
    ProxyJump never
  Host first
    Port 443`
  const target = resolved('web-1', config)
  expect(
    target.jumps.map(({ alias, hostName, user, port, jumps }) => ({ alias, hostName, user, port, jumps })),
  ).toEqual([
    { alias: 'first', hostName: 'first', user: me, port: 443, jumps: [] },
    { alias: 'outer', hostName: '192.0.2.1', user: 'ana', port: 22, jumps: [] },
    { alias: 'ben@inner:2022', hostName: '10.0.0.1', user: 'ben', port: 2022, jumps: [] },
  ])
})

test.each([
  { says: 'through itself', config: 'Host *\nProxyJump bastion' },
  { says: 'round', config: 'Host web-1\nProxyJump a\nHost a\nProxyJump b\nHost b\nProxyJump a' },
])('a way that leads $says is refused', ({ config }) => {
  expect(refusal('web-1', config)).toMatchObject({
    code: 'ssh-config-unusable',
    detail: expect.stringContaining('to itself again'),
  })
})

test('a jump to what could be an option is refused', () => {
  expect(refusal('web-1', 'ProxyJump one,-oProxyCommand=id')).toMatchObject({ code: 'ssh-bad-target' })
  expect(refusal('web-1', 'ProxyJump -oProxyCommand=id,two')).toMatchObject({ code: 'ssh-bad-target' })
})

test.each([
  { config: 'ProxyCommand nc %h %p', is: ['ProxyCommand'] },
  { config: 'ProxyCommand none', is: [] },
  { config: 'CertificateFile ~/.ssh/a-cert.pub\nPKCS11Provider /lib/p.so', is: ['CertificateFile', 'PKCS11Provider'] },
  { config: 'GSSAPIAuthentication yes', is: [] },
  { config: 'GSSAPIAuthentication yes\nPubkeyAuthentication no', is: ['PubkeyAuthentication', 'GSSAPIAuthentication'] },
  { config: 'PreferredAuthentications gssapi-with-mic', is: ['PreferredAuthentications'] },
  { config: 'CanonicalizeHostname yes\nKnownHostsCommand /bin/x', is: ['KnownHostsCommand', 'CanonicalizeHostname'] },
  { config: 'CanonicalizeHostname no\nAddressFamily any\nRevokedHostKeys none', is: [] },
  { config: 'AddressFamily inet6', is: ['AddressFamily'] },
  { config: 'Match exec "touch /nowhere/fleetmend"\nUser eve', is: ['Match exec'] },
  { config: 'Match host db exec "true"\nUser eve', is: [] },
  { config: 'Match exec "true" host db\nUser eve', is: [] },
  { config: 'Host web-1\nProxyJump a\nHost a\nProxyCommand nc %h %p', is: ['ProxyCommand'] },
])('with "$config" only ssh can do $is', ({ config, is }) => {
  const target = resolved('web-1', config)
  expect(target.beyondSsh2).toEqual(is)
  expect(target.user).toBe(me)
})

test.each([
  { config: 'HashKnownHosts yes', is: { hashKnownHosts: true, newKeysFile: `${home}/.ssh/known_hosts` } },
  { config: 'UserKnownHostsFile /srv/a /srv/b', is: { hashKnownHosts: false, newKeysFile: '/srv/a' } },
  { config: 'ConnectTimeout 1m30s', is: { connectLimitMs: 90_000 } },
  { config: 'ConnectTimeout 99999999999w', is: { connectLimitMs: 2 ** 31 - 1 } },
  { config: 'ConnectTimeout none', is: { connectLimitMs: 15_000 } },
  { config: 'StrictHostKeyChecking no', is: { unknownHost: 'accept-new' } },
  {
    config: 'StrictHostKeyChecking no\nUserKnownHostsFile /dev/null',
    is: { unknownHost: 'refuse', newKeysFile: null },
  },
  {
    config: 'UserKnownHostsFile none',
    is: { knownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'] },
  },
  { config: 'GlobalKnownHostsFile /srv/g\nUserKnownHostsFile none', is: { knownHostsFiles: ['/srv/g'] } },
  { config: 'IdentityFile none', is: { identityFiles: [] } },
])('$config', ({ config, is }) => {
  expect(resolved('web-1', config)).toMatchObject(is)
})
