/** Plans as people get them: each change once with those who differ first, one host by itself, diffs for `patch`, a pager. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { plainPaint } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { runPlanText } from '../../packages/cli/src/views/run-plan-text.ts'
import { planOf } from '../../packages/controller/test/sample-run.ts'
import { toldRun } from '../../packages/controller/test/told-run.ts'
import { carryOut, planRun } from './begin-run.ts'
import { onTerminal } from './on-terminal.ts'
import { fleetmend } from './terminal.ts'
import { main } from './typed-shell.ts'
import { openWorld, type Member } from './world.ts'

const service = 'php8.2-fpm'

test('of three hundred hosts each change is shown once, with its hosts folded, the smaller one first', () => {
  const waiting = toldRun(300).find(({ run }) => run.state === 'awaiting-approval')
  if (!waiting) throw new Error('Nobody asked for approval.')
  const plans = waiting.run.hosts.map(({ id }) =>
    planOf(id, waiting.run.groups[1]?.hosts.includes(id) ? 'raise' : 'lower'),
  )
  const text = runPlanText({ run: waiting.run, plans, reports: [] }, plainPaint)
  expect([...text.matchAll(/^Change .*$/gm)].map(([line]) => line.replace(/ {2}canary.*/, ''))).toEqual([
    'Change 2 of 2: web-[2,7,12,16,21,25,29-30,33,37,40,44,48] and 62 more',
    'Change 1 of 2: web-[1,3-6,8-11,13-15,17-20,22-24,26-28,31-32,34-36,38-39,41-43,45-47] and 190 more',
  ])
  expect(text.match(/^[+-]/gm)).toHaveLength(2)
})

test('who differs stands before the others, and one host is shown by itself', async () => {
  await using world = await openWorld()
  const hosts = []
  for (const name of ['web-1', 'web-2', 'web-3']) hosts.push(await world.add(name))
  for (const host of hosts.slice(0, 2)) host.killFpm()
  await hosts[2]?.disconnect()
  const planned = await fleetmend(world, ['plan', '--watch', '0'])
  expect(planned.out).toMatch(/web-3 {2}unreachable[^]*The change: web-1, web-2/)
  const id = /r-\d{8}-\d{6}-[0-9a-f]{4}/.exec(planned.out)?.[0] ?? ''
  const one = await fleetmend(world, ['runs', 'show', id, '--host', 'web-2'])
  expect(one.out).toMatch(/^web-2 {2}change 1 of 1, as on one host more\n/)
  expect(one.out).toContain('Restart=on-failure')
  expect(one.out).not.toContain('web-3')
  expect((await fleetmend(world, ['runs', 'show', id, '--host', 'web-3'])).out).toMatch(/^web-3 {2}unreachable/)
  const { hosts: only } = (
    JSON.parse((await fleetmend(world, ['runs', 'show', id, '--host', 'web-2', '--json'])).out) as {
      run: { hosts: readonly { id: string }[] }
    }
  ).run
  expect(only.map((host) => host.id)).toEqual(['web-2'])
  expect(await fleetmend(world, ['runs', 'show', id, '--host', 'web-9'])).toMatchObject({
    exitCode: 64,
    err: expect.stringContaining(`fleetmend runs show ${id}`) as string,
  })
})

test('a run that is over is told in order: who asked and allowed it, what hosts told, then the outcome with what was seen', async () => {
  await using world = await openWorld()
  for (const name of ['web-1', 'web-2']) (await world.add(name)).killFpm()
  const run = await planRun(world.api())
  await carryOut(world.api(), run, world.keys.olivia)
  const { out } = await fleetmend(world, ['runs', 'show', run.id])
  expect(out).toMatch(
    /^What happened\n[^]*Asked 2 hosts for a plan[^]*web-1, web-2 {2}Would start-service, restart-on-failure\./,
  )
  expect(out).toMatch(
    /Approved with SHA256:[^\n]* \(olivia\)\n[^]*Began to apply\. \(ana\)\n[^]*Began\.\n[^]*web-1[^\n]* {2}fixed: /,
  )
  expect(out).toMatch(/\nr-\S+ {2}finished[^]*web-1, web-2 {2}fixed\n {2}as on web-1\n[^]*✓ shop\.example: /)
})

test('GNU patch makes of the files of a host what the apply makes of them', async () => {
  await using world = await openWorld()
  const host = await world.add('web-1')
  const asked = {
    want: [
      { id: 'restart-on-failure', input: { service } },
      { id: 'make-reload-graceful', input: { service } },
    ],
    watchMs: 0,
  }
  const run = await planRun(world.api(), { asked })
  const { out } = await fleetmend(world, ['runs', 'show', run.id, '--host', 'web-1'])
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-patch-'))
  const before = filesOf(host)
  for (const [path, text] of before) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  execFileSync('patch', ['-p1', '-d', folder], { input: out })
  const written = firstWrites(host)
  // What becomes of it on this simulated host, and whether it is put back, does not matter here.
  await carryOut(world.api(), run, world.keys.olivia)
  const changed = [...written.keys()].filter((path) => existsSync(join(folder, path)))
  expect(changed).toEqual([
    '/etc/systemd/system/php8.2-fpm.service.d/50-fleetmend.conf',
    '/etc/php/8.2/fpm/php-fpm.conf',
  ])
  for (const path of changed) {
    expect(readFileSync(join(folder, path), 'utf8'), path).toBe(written.get(path))
    expect(written.get(path)).not.toBe(before.get(path))
  }
  rmSync(folder, { recursive: true })
})

/** What the agent puts there, before anything is put back. */
function firstWrites({ world: { files } }: Member): ReadonlyMap<string, string> {
  const written = new Map<string, string>()
  const set = files.set.bind(files)
  files.set = (path, file) => {
    if (!written.has(path)) written.set(path, Buffer.from(file.bytes).toString('utf8'))
    return set(path, file)
  }
  return written
}

/** What configures services. */
function filesOf({ world }: Member): ReadonlyMap<string, string> {
  const there = [...world.files].filter(([path]) => /^\/etc\/(php|systemd|nginx)\//.test(path))
  return new Map(there.map(([path, { bytes }]) => [path, Buffer.from(bytes).toString('utf8')]))
}

test('what is longer than the terminal goes through the pager of the person, and nothing else does', async () => {
  await using world = await openWorld()
  ;(await world.add('web-1')).killFpm()
  const run = await planRun(world.api())
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-pager-'))
  const pager = join(folder, 'pager')
  writeFileSync(pager, `#!/bin/sh\necho "LESS=$LESS $1" > '${folder}/started'\nexec cat\n`)
  chmodSync(pager, 0o755)
  const show = async (rows: number, ...more: readonly string[]): Promise<boolean> => {
    rmSync(join(folder, 'started'), { force: true })
    const words = [main, '--socket', world.socket, ...more, 'runs', 'show', run.id]
    const { text } = await onTerminal(words, { rows, columns: 100 }, { PAGER: `${pager} $(reboot)` })
    expect(text).toContain('Restart=on-failure')
    return existsSync(join(folder, 'started'))
  }
  expect([await show(10), await show(200), await show(10, '--no-pager')]).toEqual([true, false, false])
  await show(10)
  expect(readFileSync(join(folder, 'started'), 'utf8')).toBe('LESS=FRX $(reboot)\n')
  rmSync(folder, { recursive: true })
})

test('the pager is less, and it gives the terminal back', async () => {
  await using world = await openWorld()
  ;(await world.add('web-1')).killFpm()
  const run = await planRun(world.api())
  let isTyped = false
  const { text } = await onTerminal(
    [main, '--socket', world.socket, 'runs', 'show', run.id],
    { rows: 12, columns: 100 },
    {},
    (written, type) => {
      if (isTyped || !written.includes(':')) return
      isTyped = true
      type('q')
    },
  )
  expect(text).toContain(`fleetmend approve ${run.id}`)
  // It was left on its first page.
  expect(text).not.toContain('Manifest sha256:')
})
