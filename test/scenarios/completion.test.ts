/** Completion as it is used: real shells on a terminal, with the names of a real controller, and with those of a hostile one. */
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { Peer, streamChannel } from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planRun } from './begin-run.ts'
import { fleetmend } from './terminal.ts'
import { programOfShell, typedShell, type ShellName } from './typed-shell.ts'
import { openWorld, type World } from './world.ts'

const shells: readonly ShellName[] = ['bash', 'zsh']
const missing = shells.filter((shell) => programOfShell(shell) === null)
if (missing.length > 0)
  process.stderr.write(
    `SKIPPED: completion is not tried in ${missing.join(' and ')}, which is not on this machine.\n    apt-get install ${missing.join(' ')}\n`,
  )

let world: World
let run = ''
let group = ''

beforeAll(async () => {
  world = await openWorld()
  for (const [id, role] of [
    ['web-1', 'web'],
    ['web-2', 'web'],
    ['db-1', 'db'],
  ] as const)
    (await world.add(id, { role })).killFpm()
  const planned = await planRun(world.api())
  run = planned.id
  group = planned.groups[0]?.key ?? ''
}, 20_000)
afterAll(() => world[Symbol.asyncDispose]())

async function complete(socket: string, ...words: readonly string[]) {
  const { out, err, exitCode } = await fleetmend({ socket }, ['complete', '--', ...words])
  expect([exitCode, err]).toEqual([0, ''])
  return out.split('\n').slice(0, -1)
}

describe('what a shell is told', () => {
  test('hosts, with their labels', async () => {
    expect(await complete(world.socket, 'diagnose', 'web')).toEqual(['names', 'web-1\trole=web', 'web-2\trole=web'])
  })
  test('runs, and the changes of one', async () => {
    expect(await complete(world.socket, 'runs', 'show', '')).toEqual(['names', `${run}\tawaiting-approval`])
    expect(await complete(world.socket, 'runs', 'promote', run, '--group', 'sha256:')).toEqual([
      'names',
      `${group}\tstart-service, restart-on-failure on 3 hosts`.replace(/\t.*/, await said()),
    ])
  })
  test('labels, the last of several', async () => {
    expect(await complete(world.socket, 'plan', '-l', 'env=a,role=w')).toEqual(['names', 'env=a,role=web\t2 hosts'])
  })
  test('remediations, and what the one that is meant takes', async () => {
    expect(await complete(world.socket, 'plan', '--do', 'tune')).toEqual([
      'names',
      expect.stringMatching(/^tune-pool\t/) as string,
    ])
    expect(await complete(world.socket, 'plan', '--do', 'tune-pool', '--input', 'po')).toEqual([
      'names',
      expect.stringMatching(/^pool=\t/) as string,
    ])
  })
  test('that files are wanted', async () => {
    expect(await complete(world.socket, 'diagnose', '--files', '')).toEqual(['files'])
    expect(await complete(world.socket, 'controller', 'serve', '--data', '')).toEqual(['folders'])
  })
  test('of the controller that the line speaks of', async () => {
    expect(await complete('/nowhere', '--socket', world.socket, 'diagnose', 'db')).toEqual(['names', 'db-1\trole=db'])
  })
})

async function said(): Promise<string> {
  const { groups } = (await world.api().runs.show.query({ run })).run
  const { remediations = [], hosts = [] } = groups[0] ?? {}
  return `\t${remediations.map(({ id }) => id).join(', ')} on ${hosts.length} hosts`
}

/** A controller that answers, or not, as it likes. */
async function controllerThat(folder: string, names: () => Promise<unknown>) {
  const t = initTRPC.create()
  const router = t.router({ names: t.procedure.input((input: unknown) => input).query(names) })
  const sockets: Socket[] = []
  const path = join(folder, 'hostile.sock')
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    void new Peer(streamChannel(socket), { router })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    path,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

describe('what a shell is not told', () => {
  test.each([
    { controller: 'that is not there', names: null },
    { controller: 'that never answers', names: () => new Promise(() => undefined) },
    { controller: 'that breaks', names: () => Promise.reject(new Error('broken')) },
    { controller: 'that answers with no list', names: () => Promise.resolve({ names: 'web-1' }) },
    { controller: 'whose names are no names', names: () => Promise.resolve([{ name: 7 }, null, 'web-1']) },
  ])('anything by a controller $controller, and it does not complain', async ({ names }) => {
    using shell = typedShell('')
    using controller = names ? await controllerThat(shell.folder, names) : null
    expect(await complete(controller?.path ?? join(shell.folder, 'none'), 'diagnose', '')).toEqual(['names'])
  })
})

const typedLines: readonly { readonly what: string; readonly keys: () => string; readonly runs: () => unknown }[] = [
  {
    what: 'a command, a run and an option are one key each',
    keys: () => 'fleetmend ru\tsh\tr-\t--di\t',
    runs: () => ['runs', 'show', run, '--diffs'],
  },
  {
    what: 'hosts that are alike are completed as far as they are',
    keys: () => 'fleetmend diagnose w\t2 d\t',
    runs: () => ['diagnose', 'web-2', 'db-1'],
  },
  {
    what: 'a label goes on behind its =, and a value behind that of an option',
    keys: () => 'fleetmend plan -l role=w\t--selector=role=d\t',
    runs: () => ['plan', '-l', 'role=web', '--selector=role=db'],
  },
  {
    what: 'a change, whose name has a colon',
    keys: () => `fleetmend runs promote ${run} --group sha256:\t`,
    runs: () => ['runs', 'promote', run, '--group', group],
  },
  {
    what: 'an input is left open for its value',
    keys: () => 'fleetmend plan --do tune\t--input poo\tphp8.2-fpm/www',
    runs: () => ['plan', '--do', 'tune-pool', '--input', 'pool=php8.2-fpm/www'],
  },
  {
    what: 'files where a file is wanted, whatever they are called',
    keys: () => 'fleetmend diagnose --files com\t',
    runs: () => ['diagnose', '--files', 'compose $(touch pwned).yaml'],
  },
  {
    what: 'and nowhere else',
    keys: () => 'fleetmend runs show com\t',
    runs: () => ['runs', 'show', 'com'],
  },
  { what: 'within quotes', keys: () => 'fleetmend diagnose "db\t', runs: () => ['diagnose', 'db-1'] },
  {
    what: 'what stands behind the cursor is kept',
    // To the beginning of the line, and forward to the end of the third word.
    keys: () => `fleetmend diagnose d web-1\u0001${'\u0006'.repeat('fleetmend diagnose d'.length)}\t`,
    runs: () => ['diagnose', 'db-1', 'web-1'],
  },
]

const evil = ['$(touch pwned)', '`touch pwned`', 'web-1;touch pwned', "web-1'", 'web-1"', 'web 1', 'web-1\ntouch pwned']

describe.each(shells.filter((shell) => programOfShell(shell) !== null))('in a real %s', (name) => {
  let ran: readonly (readonly string[])[] = []
  let isPwned = true

  beforeAll(async () => {
    using shell = typedShell(world.socket)
    writeFileSync(join(shell.folder, 'compose $(touch pwned).yaml'), '')
    ran = await shell.type(
      name,
      typedLines.map(({ keys }) => keys()),
    )
    isPwned = existsSync(join(shell.folder, 'pwned'))
  }, 90_000)

  test.each(typedLines.map((line, index) => ({ ...line, index })))('$what', ({ runs, index }) => {
    expect(ran[index]).toEqual(runs())
  })

  test('nothing that a file is called was run', () => expect(isPwned).toBe(false))

  test('a controller whose hosts have names that a shell would run', async () => {
    using folder = typedShell('')
    const honest = [{ name: 'web-9', says: '$(touch pwned)' }]
    const names = [...evil.map((host) => ({ name: host, says: host })), ...honest]
    using controller = await controllerThat(folder.folder, async () => names)
    using shell = typedShell(controller.path)
    expect(await shell.type(name, ['fleetmend diagnose \t'])).toEqual([['diagnose', 'web-9']])
    expect(existsSync(join(shell.folder, 'pwned'))).toBe(false)
  })

  test('a program that tells such names, which ours never does', async () => {
    using shell = typedShell('', `names\n${evil.slice(0, 6).join('\n')}\n`)
    expect(await shell.type(name, ['fleetmend diagnose \t'])).toEqual([['diagnose']])
    expect(existsSync(join(shell.folder, 'pwned'))).toBe(false)
  })
})
