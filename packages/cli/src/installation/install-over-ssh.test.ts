import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeJoinToken } from '@fleetmend/shared'
import { afterAll, expect, test } from 'vitest'
import type { Cli } from '../cli.ts'
import { wantedFrom } from './install-over-ssh.ts'

const folder = mkdtempSync(join(tmpdir(), 'fleetmend-wanted-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const url = 'wss://controller.example:7443'
const token = encodeJoinToken({ url, fingerprint: `sha256:${'0'.repeat(64)}`, secret: 'x'.repeat(43) })
const tokenFile = file('token', `${token}\n`)

const by = (way: ReturnType<Cli['way']>): Cli => ({ way: () => way }) as Cli
const signedIn = by({ ok: true, value: { by: 'network', url: 'wss://controller.example:8443' } })
const alone = by({ ok: true, value: { by: 'socket', path: join(folder, 'no.sock') } })

test('files are sent as they are, and the token by itself', async () => {
  const options = { approvers: file('approvers', 'olivia ssh-ed25519 AAAA\n'), joinTokenFile: tokenFile, enrol: true }
  expect(await wantedFrom(alone, ['web-1'], options)).toEqual({
    ok: true,
    value: {
      wanted: {
        ...{ want: 'installed', approvers: 'olivia ssh-ed25519 AAAA\n', policy: null, replacePolicy: false },
        enrol: { url, host: null },
      },
      token,
    },
  })
})

test.each([
  ['signed in, hosts are invited', signedIn, true, { url: null, host: null }],
  ['signed in, and not wanted', signedIn, false, null],
  ['with no controller in sight, hosts are not let in', alone, true, null],
])('%s', async (_, cli, enrol, expected) => {
  expect(await wantedFrom(cli, ['web-1', 'web-2'], { enrol })).toMatchObject({
    value: { wanted: { enrol: expected }, token: null },
  })
})

test.each([
  ['one token for two hosts', ['web-1', 'web-2'], { joinTokenFile: tokenFile, enrol: true }, 'usage'],
  ['a token, and --no-enrol', ['web-1'], { joinTokenFile: tokenFile, enrol: false }, 'usage'],
  ['what is no token', ['web-1'], { joinTokenFile: file('none', 'hunter2\n'), enrol: true }, 'bad-token'],
  ['a file that is not there', ['web-1'], { policy: join(folder, 'no.yaml'), enrol: true }, 'bad-input'],
])('refused is %s', async (_, names, options, code) => {
  const refused = await wantedFrom(alone, names, options)
  expect(refused).toMatchObject({ ok: false, problem: { code } })
  expect(JSON.stringify(refused)).not.toContain('hunter2')
})
