/** Tokens as an admin handles them: what cannot be made, and how what was made is taken back. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { created, fileIn, home } from './own-computer.ts'
import { tokenFor } from './people-client.ts'
import { fleetmend, fleetmendWith } from './terminal.ts'
import { openWorld } from './world.ts'

test.each([
  { args: ['--name', 'ana', '--role', 'root'], says: /takes viewer, operator, approver, admin/ },
  { args: ['--name', 'ana', '--role', 'viewer,viewer'], says: /takes viewer/ },
  { args: ['--name', 'a na', '--role', 'viewer'], says: /cannot be a name/ },
  { args: ['--role', 'viewer'], says: /--name/ },
  { args: ['--name', 'ana'], says: /--role/ },
  { args: ['--name', 'ana', '--role', 'viewer', '--expires', '1d', '--never-expires'], says: /Either/ },
  { args: ['--name', 'ana', '--role', 'viewer', '--expires', 'soon'], says: /12h, 30d, 2w/ },
  { args: ['--name', 'ana', '--role', 'admin', '-l', 'env=prod'], says: /cannot be kept to some of its hosts/ },
])('tokens create $args is no command', async ({ args, says }) => {
  await using world = await openWorld()
  expect(await fleetmend(world, ['tokens', 'create', ...args])).toMatchObject({
    exitCode: 64,
    out: '',
    err: expect.stringMatching(says) as string,
  })
  expect((await fleetmend(world, ['tokens', 'list'])).out).toContain('There is no token')
})

describe('taking it back', () => {
  test('a revoked token says what, why and what to do, with exit code 3, and stands in the list of all', async () => {
    await using world = await openWorld()
    const ana = home()
    const { secret, url, fingerprint, id } = await created(world, '--name', 'ana', '--role', 'viewer')
    await fleetmendWith(ana, ['login', url, '--fingerprint', fingerprint], { input: secret })
    expect((await fleetmend(world, ['tokens', 'revoke', id])).out).toBe(`${id} of ana is revoked.\n`)
    const refused = await fleetmendWith(ana, ['hosts', 'list'])
    expect(refused.exitCode).toBe(3)
    expect(refused.err).toMatch(
      /^The token is no longer good \(api-token-over\)\n {2}The token of ana was revoked at \S+ by .*\n {6}fleetmend tokens create --name ana --role viewer\n$/,
    )
    expect((await fleetmend(world, ['audit', 'list'])).out).toMatch(/by ana: Refused \/api: api-token-over/)
    expect((await fleetmend(world, ['tokens', 'list'])).out).not.toContain(id)
    expect((await fleetmend(world, ['tokens', 'list', '--all'])).out).toMatch(new RegExp(`${id} +ana .*revoked`))
  })

  test('all that somebody has go at once; a second time nothing is left', async () => {
    await using world = await openWorld()
    await tokenFor(world, 'ana', 'viewer')
    await tokenFor(world, 'ana', 'operator')
    await tokenFor(world, 'ben', 'viewer')
    expect(
      (await fleetmend(world, ['tokens', 'revoke', '--name', 'ana'])).out.match(/of ana is revoked/g),
    ).toHaveLength(2)
    expect((await fleetmend(world, ['tokens', 'revoke', '--name', 'ana'])).out).toContain('nothing left')
    expect((await fleetmend(world, ['tokens', 'list'])).out).toContain('ben')
    expect(await fleetmend(world, ['tokens', 'revoke', '--name', 'eve'])).toMatchObject({ exitCode: 64 })
    expect(await fleetmend(world, ['tokens', 'revoke'])).toMatchObject({ exitCode: 64 })
  })

  test('who signs out leaves no token behind', async () => {
    await using world = await openWorld()
    const ana = home()
    const { secret, url, fingerprint } = await created(world, '--name', 'ana', '--role', 'viewer')
    await fleetmendWith(ana, ['login', url, '--fingerprint', fingerprint], { input: secret })
    expect((await fleetmendWith(ana, ['logout'])).exitCode).toBe(0)
    expect(readFileSync(fileIn(ana), 'utf8')).not.toContain('fmt_')
    expect(await fleetmendWith({ ...ana, FLEETMEND_CONTROLLER: url }, ['whoami'])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining(`fleetmend login ${url}`) as string,
    })
    expect((await fleetmendWith(ana, ['logout'])).exitCode).toBe(64)
  })
})
