import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SshTarget } from '../ssh-target.ts'
import { hostWithKey, never, problemOf, said, valueOf } from './loopback-host.ts'
import { keyIn } from './loopback-sshd.ts'
import { systemSshDriver, type SystemSshOptions } from './system-ssh-driver.ts'

test('a key that is not let in is told with the words of ssh', async () => {
  const { target, folder } = await hostWithKey()
  const refused = problemOf(await connectTo({ ...target, identityFiles: [keyIn(folder, 'stray').file] }))
  expect(refused.code).toBe('ssh-refused')
  expect(refused.detail).toContain('Permission denied (publickey)')
})

test('a program that is not there is told so', async () => {
  const { target, folder } = await hostWithKey()
  expect(problemOf(await connectTo(target, { program: join(folder, 'ssh') })).code).toBe('ssh-no-program')
})

test('a configuration that ssh cannot read is shown with its own words, made harmless', async () => {
  const { target, folder } = await hostWithKey()
  writeFileSync(join(folder, 'config'), 'Bad\u001B[31mWord yes\n')
  const failed = problemOf(await connectTo(target, { configFiles: [join(folder, 'config')] }))
  expect(failed.code).toBe('ssh-failed')
  expect(failed.detail).toContain('line 1: Bad configuration option: bad')
  expect(failed.detail).not.toContain('\u001B')
})

test("the person's configuration holds, except for what would ask them or run something here", async () => {
  const { target, folder, key } = await hostWithKey()
  const made = join(folder, 'made')
  const config = [
    'Host web-1',
    `  HostName ${target.hostName}`,
    `  Port ${target.port}`,
    `  IdentityFile ${key.file}`,
    `  UserKnownHostsFile ${target.knownHostsFiles[0]}`,
    '  PermitLocalCommand yes',
    `  LocalCommand touch ${made}`,
    '  RemoteCommand echo something else',
    '  RequestTTY force',
    '  BatchMode no',
  ]
  writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`)
  const onlyWritten = {
    ...target,
    hostName: 'web-1',
    port: 22,
    identityFiles: [],
    knownHostsFiles: [],
    beyondSsh2: ['Match exec'],
  }
  await using connection = await connected(onlyWritten, { configFiles: [join(folder, 'config')] })
  expect(await said(connection, 'echo hello')).toBe('hello\n')
  expect(spawnSync('test', ['-e', made]).status).toBe(1)
})

function connectTo(target: SshTarget, options: SystemSshOptions = {}) {
  return systemSshDriver({ configFiles: [], ...options }).connect(target, never)
}

async function connected(target: SshTarget, options?: SystemSshOptions) {
  return valueOf(await connectTo(target, options))
}
