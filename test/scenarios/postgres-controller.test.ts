/** A whole controller on PostgreSQL: it serves, says what is wrong with its database, and ends when that is lost to it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientOver, exitCodes, Peer, streamChannel } from '@fleetmend/shared'
import { connect } from 'node:net'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { asOwner, hasPostgres, makeDatabase, type TestDatabase } from '../../packages/controller/test/postgres.ts'
import type { ApiRouter } from '../../packages/controller/src/index.ts'
import { freePort } from '../lab/free-port.ts'
import { controllerProcess } from './controller-process.ts'
import { openWorld } from './world.ts'

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

let made: TestDatabase
beforeEach(async () => {
  if (!hasPostgres) return
  made = await makeDatabase()
  return made.drop
})

async function served() {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-pg-'))
  const socket = join(folder, 'controller.sock')
  const log: string[] = []
  const answers = async (): Promise<boolean> => {
    const peer = new Peer(streamChannel(connect(socket)))
    const api = clientOver<ApiRouter>(peer)
    return api.hello
      .query()
      .then(Boolean, () => false)
      .finally(() => peer.close())
  }
  const where = { folder, socket, approvers: join(folder, 'approvers'), port: await freePort() }
  const controller = await controllerProcess({ ...where, databaseUrl: made.url, log, answers })
  onTestFinished(() => controller.kill())
  return { controller, log, folder }
}

describe.skipIf(!hasPostgres)('a controller on PostgreSQL', () => {
  test('lets a host in, and knows it after it was stopped and started', async () => {
    await using world = await openWorld({ databaseUrl: made.url })
    const member = await world.add('web-1')
    await member.disconnect()
    await world.stopController()
    await world.startController()
    const hosts = await world.api().hosts.list.query({})
    expect(hosts.map(({ id }) => id)).toEqual(['web-1'])
  })

  test('ends with a sentence and an exit code when its session is ended, though nobody asks it anything', async () => {
    const { controller, log } = await served()
    await asOwner((client) =>
      client.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${made.name}'`),
    )
    expect(await controller.ended).toBe(exitCodes.someUnreachable)
    expect(log.join('\n')).toMatch(/The database is out of reach \(database-lost\).*This controller stops/s)
  })

  test('that is killed leaves its database to the next one at once', async () => {
    const first = await served()
    await first.controller.kill()
    await served()
  })

  test.each([
    {
      what: 'a second one',
      words: () => ['--database-file', fileWith(made.url)],
      code: 3,
      says: 'another controller is using it',
    },
    {
      what: 'one that is not there',
      words: () => ['--database', `postgres:///nothing?host=${made.address.host}&user=postgres`],
      code: 64,
      says: 'there is no such database',
    },
    {
      what: 'one that does not answer',
      words: () => ['--database', 'postgres:///nothing?host=/no/such/folder'],
      code: 5,
      says: 'no socket of a server',
    },
    {
      what: 'a password on the command line',
      words: () => ['--database', 'postgres://ana:pass-word@db.example/fleet'],
      code: 64,
      says: 'everybody on this machine',
    },
    {
      what: 'a URL that is none',
      words: () => ['--database', 'db.example'],
      code: 64,
      says: 'It is not a URL of PostgreSQL',
    },
  ])('$what is refused with exit code $code', async ({ words, code, says }) => {
    if (code === exitCodes.refused) await served()
    const { err, exitCode } = await serve(words())
    expect(err).toContain(says)
    expect(err).not.toContain('pass-word')
    expect(exitCode).toBe(code)
  })
})

function fileWith(url: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'fleetmend-pg-')), 'database-url')
  writeFileSync(path, `${url}\n`, { mode: 0o600 })
  return path
}

async function serve(words: readonly string[]): Promise<{ readonly err: string; readonly exitCode: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-pg-'))
  const more = ['--data', join(folder, 'data'), '--listen', '127.0.0.1:0']
  const args = [main, '--socket', join(folder, 'controller.sock'), 'controller', 'serve', ...more, ...words]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [exitCode] = (await once(child, 'close')) as [number]
  return { err, exitCode }
}
