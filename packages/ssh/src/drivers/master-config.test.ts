import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SshTarget } from '../ssh-target.ts'
import { loopbackTarget, testFolder } from './loopback-sshd.ts'
import { masterConfig } from './master-config.ts'

test('ssh understands what is known of a host, whatever is in the names of its files', () => {
  const seen = asSshSeesIt((target) => ({
    ...target,
    port: 2222,
    user: 'deploy',
    hostKeyAlias: 'the-one',
    knownHostsFiles: ['/home/a b/known "hosts"', '/etc/100%/known_hosts'],
    identityFiles: ['/keys/it is %h', '/keys/b\\c'],
    identitiesOnly: true,
    agentSocket: '/run/agent of me',
  }))
  expect(seen).toMatchObject({
    hostname: ['127.0.0.1'],
    port: ['2222'],
    user: ['deploy'],
    hostkeyalias: ['the-one'],
    // `ssh -G` prints it with its tokens replaced already, and the others before that.
    userknownhostsfile: ['/home/a b/known "hosts" /etc/100%/known_hosts'],
    globalknownhostsfile: ['none'],
    identityfile: ['/keys/it is %%h', '/keys/b\\c'],
    identitiesonly: ['yes'],
    identityagent: ['/run/agent of me'],
    stricthostkeychecking: ['true'],
  })
})

test('who has no key to show shows none, not those of whoever runs it', () => {
  expect(asSshSeesIt((target) => ({ ...target, identityFiles: [] }))).toMatchObject({ identityfile: ['none'] })
})

test("nothing that asks or runs something here is left of the person's configuration, and the rest of it is", () => {
  const seen = asSshSeesIt(
    (target) => ({ ...target, beyondSsh2: ['CertificateFile'] }),
    'BatchMode no\nPermitLocalCommand yes\nRemoteCommand evil\nForwardAgent yes\nLocalForward 80 x:80\nRequestTTY force\nLogLevel QUIET\nEscapeChar ~\nCertificateFile /keys/cert\nUser somebody\n',
  )
  expect(seen).toMatchObject({
    batchmode: ['yes'],
    permitlocalcommand: ['no'],
    forwardagent: ['no'],
    clearallforwardings: ['yes'],
    requesttty: ['false'],
    escapechar: ['none'],
    loglevel: ['INFO'],
    certificatefile: ['/keys/cert'],
    user: ['somebody'],
  })
  expect(seen['remotecommand'] ?? ['none']).toEqual(['none'])
})

test.each(['-oProxyCommand=evil', 'a b', 'a\nb', "it's", '$(evil)', ''])('%j is no name of a host', (host) => {
  const target = loopbackTarget(testFolder(), 22, null, { written: { user: null, host, port: null } })
  expect(masterConfig(target, options('/tmp/f'))).toBeNull()
})

test.each(['-evil', 'a b', "o'ps", '$(evil)'])(
  '%j on the way is no name to log in with: it would become a command',
  (user) => {
    const target = loopbackTarget(testFolder(), 22, null)
    expect(masterConfig({ ...target, jumps: [{ ...target, user }] }, options('/tmp/f'))).toBeNull()
  },
)

test('hosts on the way are gone through in their order', () => {
  const target = loopbackTarget(testFolder(), 22, null)
  const jump = (host: string, port: number) => ({ ...target, port, written: { user: null, host, port: null } })
  const config = masterConfig({ ...target, jumps: [jump('near', 1), jump('far', 2)] }, options('/tmp/f'))
  expect(config?.options.join(' ')).toContain(
    `ProxyCommand=ssh -F /tmp/f/config -E /tmp/f/log2 -l ops -p 2 -W '[%h]:%p' -- far`,
  )
  expect(config?.file).toContain(`-E /tmp/f/log1 -l ops -p 1 -W '[%h]:%p' -- near`)
})

function options(folder: string, configFiles: readonly string[] = []) {
  return { program: 'ssh', configFiles, keepaliveMs: 10_000, folder }
}

/** `ssh -G`: every word of the configuration that it ends up with. */
function asSshSeesIt(change: (target: SshTarget) => SshTarget, personal = ''): Record<string, string[]> {
  const folder = testFolder()
  writeFileSync(join(folder, 'personal'), personal)
  const config = masterConfig(change(loopbackTarget(folder, 22, null)), options(folder, [join(folder, 'personal')]))
  if (config === null) throw new Error('No configuration.')
  writeFileSync(join(folder, 'config'), config.file)
  const argv = ['-G', '-F', join(folder, 'config'), ...config.options, '--', config.destination]
  const { stdout, stderr, status } = spawnSync('ssh', argv, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const words: Record<string, string[]> = {}
  for (const line of stdout.split('\n')) {
    const [, word = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? []
    ;(words[word] ??= []).push(value)
  }
  return words
}
