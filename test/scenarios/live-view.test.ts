/** The live view of a run on a real terminal, from three hosts to three thousand: what is seen, and what is left of it. */
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { approve, endOf, planRun } from './begin-run.ts'
import { onTerminal, type Ran } from './on-terminal.ts'
import type { Size } from './screen.ts'
import { main } from './typed-shell.ts'
import { openWorld } from './world.ts'

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const fleet = path('told-fleet.ts')
const small: Size = { rows: 24, columns: 80 }

/** All that was there to be read in the end. */
const everything = (ran: Ran): string => {
  const { gone, lines } = ran.screen()
  return [...gone, ...lines].join('\n')
}
const timesShown = (ran: Ran, word: string): number => everything(ran).split(word).length - 1

test('three hosts: each has a line, and what happened stays above', async () => {
  const ran = await onTerminal([fleet, '3'], small)
  const screen = ran.screen()
  expect(screen.shots[0]?.slice(-7).join('\n')).toMatchInlineSnapshot(`
    "r-20261121-031455-41bd  applying  4 min 58 s
    ██████████████████████████░░░░░░░░░░░░░░  2 of 3 hosts done
    2 fixed · 1 waiting
    5xx: 12.0 % before, 0.2 % now  on 2 hosts
      web-1             fixed
      web-2             fixed
      web-3             waiting"
  `)
  expect(everything(ran)).toMatch(/web-1 {2}Admitted\./)
  expect(screen.lines.at(-1)).toBe('over')
  expect(timesShown(ran, 'r-20261121-031455-41bd')).toBe(0)
})

test('three thousand hosts: waves, counts and the few that matter on one screen, and nothing of it stays', async () => {
  const ran = await onTerminal([fleet, '3000'], small)
  const screen = ran.screen()
  for (const shot of screen.shots) expect(shot.length).toBeLessThanOrEqual(24)
  expect(screen.shots[0]?.join('\n')).toMatchInlineSnapshot(`
    "  03:15:02            Asked 3000 hosts for a plan: web hosts answer 502 (ana)
      03:15:32            Approved with SHA256:ben. (ben)
      03:15:32            Began to apply. (ana)
    r-20261121-031455-41bd  applying  4 min 28 s
    ███████████████████×▒▒▒▒▒▒░░░░░░░░░░░░░░  1500 of 3000 hosts done
    3 not fixed · 455 applying · 1497 fixed · 1045 waiting
    5xx: 12.0 % before, 0.2 % now  on 1500 hosts
      change 1  ██████▒░░░░░  1125 of 2250  wave 6  tune-pool
      change 2  █████×▒░░░░░  375 of 750  3 failed  wave 6  tune-pool
    To look at
      web-2348          not fixed  It is not-fixed.
      web-1899          not fixed  It is not-fixed.
      web-1448          not fixed  It is not-fixed.
    Longest at work  5 of 455
      web-2349          applying  4 min 14 s  Watches what visitors get.
      web-235           applying  4 min 14 s  Watches what visitors get.
      web-2350          applying  4 min 14 s  Watches what visitors get.
      web-2351          applying  4 min 14 s  Watches what visitors get.
      web-2352          applying  4 min 14 s  Watches what visitors get."
  `)
  expect(screen.shots[1]?.join('\n')).toMatchInlineSnapshot(`
    "  03:15:02            Asked 3000 hosts for a plan: web hosts answer 502 (ana)
      03:15:32            Approved with SHA256:ben. (ben)
      03:15:32            Began to apply. (ana)
    r-20261121-031455-41bd  finished  4 min 28 s
    ███████████████████████████████████████×  3000 of 3000 hosts done
    6 not fixed · 2994 fixed
    5xx: 12.0 % before, 0.2 % now  on 3000 hosts
      change 1  ████████████  2250 of 2250  wave 8  tune-pool
      change 2  ███████████×  750 of 750  6 failed  wave 8  tune-pool
    To look at
      web-999           not fixed  It is not-fixed.
      web-548           not fixed  It is not-fixed.
      web-2799          not fixed  It is not-fixed.
      web-2348          not fixed  It is not-fixed.
      web-1899          not fixed  It is not-fixed.
      web-1448          not fixed  It is not-fixed."
  `)
  // What people did, and no line for each host.
  expect([...screen.gone, ...screen.lines].map((line) => line.replace(/^ +[\d:]+ +/, ''))).toEqual([
    'Asked 3000 hosts for a plan: web hosts answer 502 (ana)',
    expect.stringMatching(/^Approved with .* \(ben\)$/) as string,
    'Began to apply. (ana)',
    'over',
  ])
}, 60_000)

test.each(['3', '300'])('a terminal that gets smaller and bigger while %s hosts are at work', async (hosts) => {
  const ran = await onTerminal([fleet, hosts, 'resize'], small)
  const screen = ran.screen()
  const heights = screen.shots.map(({ length }) => length)
  expect(heights.map((height, index) => height <= [24, 12, 30, 30][index]!)).not.toContain(false)
  for (const shot of screen.shots)
    expect(shot.filter((line) => line.includes('r-20261121-031455-41bd'))).toHaveLength(1)
  // What a terminal itself pushes out of sight when it gets smaller, nobody can take back.
  expect(screen.lines.join('\n')).not.toContain('r-20261121-031455-41bd')
})

test('off a terminal, and with TERM=dumb, there are lines and nothing is drawn over', async () => {
  const { text } = await onTerminal([fleet, '3'], small, { TERM: 'dumb' })
  expect(stripVTControlCharacters(text).replaceAll('\r\n', '\n')).not.toContain('\r')
  // oxlint-disable-next-line no-control-regex -- none of the product's may be there
  expect(text).not.toMatch(/\u001B\[/)
  expect(text).toContain('web-1  Admitted.')
})

test('NO_COLOR: the same picture without colours', async () => {
  const { text, ...ran } = await onTerminal([fleet, '300'], small, { NO_COLOR: '1' })
  // oxlint-disable-next-line no-control-regex -- finding escape sequences is what this is for
  expect(text).not.toMatch(/\u001B\[[\d;]*m/)
  expect(ran.screen().shots[0]?.join('\n')).toContain('█')
})

test('Ctrl-C takes the picture away, and says that the run goes on and how to come back', async () => {
  await using world = await openWorld()
  const host = await world.add('web-1')
  host.killFpm()
  const api = world.api()
  const run = await planRun(api)
  await approve(api, run, world.keys.olivia)
  host.hold()
  await api.runs.begin.mutate({ run: run.id, by: 'ana' })
  let isTyped = false
  const ran = await onTerminal([main, '--socket', world.socket, 'runs', 'watch', run.id], small, {}, (text, type) => {
    if (isTyped || !text.includes('0 of 1 host done')) return
    isTyped = true
    type('\u0003')
  })
  host.release()
  await endOf(api, run.id)
  expect(ran.screen().lines.slice(-4)).toEqual([
    '',
    `${run.id} goes on. To follow it again, or to end it:`,
    `    fleetmend runs watch ${run.id}`,
    `    fleetmend runs abort ${run.id} --reason WHY`,
  ])
  expect(everything(ran)).not.toContain('of 1 host done')
})
