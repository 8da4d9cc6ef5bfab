/** A controller's PostgreSQL: that it will do, that it is one controller's at a time, and what is said where it is not so. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { systemTimers } from '@fleetmend/shared'
import { sql } from 'kysely'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { manualTimers } from '../../../../shared/test/manual-timers.ts'
import { databaseProxy } from '../../../test/database-proxy.ts'
import { authorityMaker } from '../../../test/openssl-authority.ts'
import {
  addressOf,
  asOwner,
  hasPostgres,
  makeDatabase,
  migratedDatabase,
  type TestDatabase,
} from '../../../test/postgres.ts'
import { scratchFolder } from '../../../test/scratch-folder.ts'
import type { Database } from '../tables.ts'
import { isTooOld, openPostgres, type PostgresOpened } from './open-postgres.ts'
import { SessionLost } from './session.ts'

const lockMs = 50

let made: TestDatabase
beforeEach(async () => {
  if (!hasPostgres) return
  made = await migratedDatabase()
  return made.drop
})

type Opened = Extract<PostgresOpened, { ok: true }>

async function open(address = made.address, timers = systemTimers): Promise<Opened> {
  const store = await openPostgres(address, timers, lockMs)
  if (!store.ok) throw new Error(store.says)
  onTestFinished(() => store.database.destroy())
  return store
}

const hostsOf = (database: Database) => database.selectFrom('hosts').selectAll().execute()

describe.skipIf(!hasPostgres)('a database', () => {
  test("is one controller's at a time, and says whose", async () => {
    const first = await open()
    const refused = await openPostgres(made.address, systemTimers, lockMs)
    expect(refused).toMatchObject({
      ok: false,
      code: 'database-in-use',
      says: expect.stringMatching(
        new RegExp(`another controller is using it. It is fleetmend-controller .* ${process.pid}`),
      ),
    })
    await first.database.destroy()
    expect(await hostsOf((await open()).database)).toEqual([])
  })

  test('that ends the session of a controller is lost to it: it writes nothing more, and another one may', async () => {
    const { database, lost } = await open()
    await asOwner((client) =>
      client.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${made.name}'`),
    )
    expect(await lost).toMatch(/was lost: .*administrator.* This controller stops/s)
    await expect(hostsOf(database)).rejects.toThrow(SessionLost)
    expect(await hostsOf((await open()).database)).toEqual([])
  })

  test('that ends the session in the middle of a transaction takes it back', async () => {
    const { database, lost } = await open()
    const cut = database.transaction().execute(async (transaction) => {
      await sql`insert into plans (digest, host, record) values ('d', 'web-1', '{}')`.execute(transaction)
      await sql`select pg_terminate_backend(pg_backend_pid())`.execute(transaction)
    })
    await expect(cut).rejects.toThrow(SessionLost)
    expect(await lost).toContain('was lost')
    const next = await open()
    expect(await next.database.selectFrom('plans').selectAll().execute()).toEqual([])
  })

  test('whose lock is not held any more is lost, though the session goes on', async () => {
    const timers = manualTimers()
    const { database, lost } = await open(made.address, timers)
    await sql`select pg_advisory_unlock_all()`.execute(database)
    void timers.pass(10_000)
    expect(await lost).toContain('its lock is not held any more')
    await expect(hostsOf(database)).rejects.toThrow(SessionLost)
  })

  test('that falls silent is lost after half a minute', async () => {
    const proxy = await databaseProxy(`${made.address.host}/.s.PGSQL.5432`)
    const timers = manualTimers()
    const { database, lost } = await open({ ...made.address, host: '127.0.0.1', port: proxy.port }, timers)
    await hostsOf(database)
    proxy.fallSilent()
    const asked = hostsOf(database).catch((error: unknown) => error)
    await timers.pass(10_000)
    await timers.pass(30_000)
    expect(await lost).toContain('it did not answer for 30 s')
    expect(await asked).toBeInstanceOf(SessionLost)
  })
})

describe.skipIf(!hasPostgres)('over TLS', () => {
  async function behindTls(name: string) {
    const authority = authorityMaker(dirname(scratchFolder()))
    const root = authority.root('database authority')
    const files = authority.below(root, 'database', `subjectAltName=${name}\n`)
    const [certificate, key] = [readFileSync(files.certificate, 'utf8'), readFileSync(files.key, 'utf8')]
    const proxy = await databaseProxy(`${made.address.host}/.s.PGSQL.5432`, { certificate, key })
    return (mode: string) =>
      addressOf(
        `postgres://postgres@127.0.0.1:${proxy.port}/${made.name}?sslmode=${mode.replace('ROOT', root.certificate)}`,
      )
  }

  test.each([
    { mode: 'require', name: 'DNS:other.example' },
    { mode: 'verify-ca&sslrootcert=ROOT', name: 'DNS:other.example' },
    { mode: 'verify-full&sslrootcert=ROOT', name: 'IP:127.0.0.1' },
  ])('$mode takes a server that is called $name', async ({ mode, name }) => {
    const addressFor = await behindTls(name)
    expect(await hostsOf((await open(addressFor(mode))).database)).toEqual([])
  })

  test.each([
    { mode: 'verify-full&sslrootcert=ROOT', name: 'DNS:other.example', says: 'is not for 127.0.0.1' },
    { mode: 'verify-full', name: 'IP:127.0.0.1', says: 'was not believed' },
    { mode: 'verify-ca', name: 'IP:127.0.0.1', says: 'was not believed' },
    { mode: 'verify-full&sslrootcert=/no/such/file', name: 'IP:127.0.0.1', says: 'Cannot read /no/such/file' },
  ])('$mode refuses one that is called $name', async ({ mode, name, says }) => {
    const addressFor = await behindTls(name)
    expect(await openPostgres(addressFor(mode), systemTimers)).toMatchObject({
      ok: false,
      code: 'database-unusable',
      says: expect.stringContaining(says),
    })
  })

  test('a server that speaks none is refused, whoever says so', async () => {
    const proxy = await databaseProxy(`${made.address.host}/.s.PGSQL.5432`)
    const address = addressOf(`postgres://postgres@127.0.0.1:${proxy.port}/${made.name}?sslmode=require`)
    expect(await openPostgres(address, systemTimers)).toMatchObject({
      ok: false,
      says: expect.stringContaining('speaks no TLS'),
    })
  })
})

describe.skipIf(!hasPostgres)('a database that will not do', () => {
  async function whyNot(url: string): Promise<{ readonly code: string; readonly says: string }> {
    const store = await openPostgres(addressOf(url), systemTimers, lockMs)
    if (store.ok) {
      await store.database.destroy()
      throw new Error('it did')
    }
    expect(store.says).not.toContain('pass-word')
    return store
  }
  const at = (user: string, database = made.name, host = made.address.host) =>
    `postgres:///${database}?host=${host}&user=${user}`
  const role = (name: string, rest: string) =>
    asOwner(async (client) => {
      await client.query(`drop role if exists ${name}`)
      await client.query(`create role ${name} login ${rest}`)
    })

  test('because nobody listens, on a socket', async () => {
    expect(await whyNot(at('postgres', made.name, dirname(scratchFolder())))).toMatchObject({
      code: 'database-unreachable',
      says: expect.stringContaining('there is no socket of a server (ENOENT)'),
    })
  })

  test('because nobody listens, on a port', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    expect(await whyNot(`postgres://127.0.0.1:${port}/x`)).toMatchObject({
      code: 'database-unreachable',
      says: expect.stringContaining('nobody listens there (ECONNREFUSED)'),
    })
  })

  test('because the name has no address', async () => {
    expect(await whyNot('postgres://db.invalid/x?sslmode=disable')).toMatchObject({ code: 'database-unreachable' })
  })

  test('because what listens is no PostgreSQL', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    expect(await whyNot(`postgres://127.0.0.1:${(server.address() as { port: number }).port}/x`)).toMatchObject({
      code: 'database-unreachable',
    })
  })

  test('because the password is wrong, or missing', async () => {
    await role('guarded', `password 'right'`)
    expect((await whyNot(`${at('guarded')}&password=pass-word`)).says).toContain(
      'the password of guarded is not the one',
    )
    expect((await whyNot(at('guarded'))).says).toContain('wants a password, and there is none in the URL')
  })

  test('not because of its password, where that is the right one', async () => {
    const own = await makeDatabase()
    onTestFinished(own.drop)
    await role('guarded', `password 'a@b/c%'`)
    await asOwner((client) => client.query(`alter database ${own.name} owner to guarded`))
    const url = `postgres://guarded:a%40b%2Fc%25@${encodeURIComponent(own.address.host)}/${own.name}`
    expect(await hostsOf((await open(addressOf(url))).database)).toEqual([])
    await asOwner((client) => client.query(`drop database ${own.name} with (force)`))
  })

  test('because the role is not let in', async () => {
    await role('stranger', '')
    expect((await whyNot(`${at('stranger')}&password=pass-word`)).says).toContain('does not let this role in from here')
  })

  test('because it is not there', async () => {
    const { code, says } = await whyNot(at('postgres', 'nothing_here'))
    expect({ code, says }).toMatchObject({
      code: 'database-unusable',
      says: expect.stringContaining('createdb --encoding UTF8 --template template0 --owner postgres nothing_here'),
    })
  })

  test('because the role may not make tables in it', async () => {
    const empty = await makeDatabase()
    onTestFinished(empty.drop)
    await role('reader', '')
    expect((await whyNot(at('reader', empty.name))).says).toMatch(
      /may not make tables.*ALTER DATABASE .* OWNER TO "reader"/s,
    )
  })

  test('because not every character can be kept in it', async () => {
    const name = `${made.name}_ascii`
    await asOwner((client) =>
      client.query(`create database ${name} template template0 encoding 'SQL_ASCII' locale 'C' locale_provider libc`),
    )
    onTestFinished(() => asOwner(async (client) => void (await client.query(`drop database ${name} with (force)`))))
    expect((await whyNot(at('postgres', name))).says).toContain('its encoding is SQL_ASCII')
  })

  test('because a newer version has written to it', async () => {
    await asOwner(
      (client) => client.query(`insert into kysely_migration values ('0999-later', '2027-01-01T00:00:00.000Z')`),
      made.name,
    )
    expect((await whyNot(at('postgres'))).says).toContain(
      'a newer version of Fleetmend has written to it (its schema is at 0999-later',
    )
  })

  test.each([
    { version: 130_022, tooOld: true },
    { version: 140_000, tooOld: false },
    { version: 150_018, tooOld: false },
  ])('because its server is too old, at $version: $tooOld', ({ version, tooOld }) => {
    expect(isTooOld(version)).toBe(tooOld)
  })
})
