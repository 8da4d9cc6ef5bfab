/** The picture in the README is what the command really prints; it is drawn here, and must be the one that is committed. */
import { colourPaint } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { terminalPicture } from '../../scripts/terminal-picture.ts'
import { fleetmend } from './terminal.ts'
import { openWorld } from './world.ts'

/** What differs each time: instants, ids, digests, milliseconds, and where the key of the test lies. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '2026-11-21T03:02:48.000Z'],
  [/\d\d:\d\d:\d\d(?!\.)/g, '03:03:12'],
  [/(r|a)-\d{8}-\d{6}-[0-9a-f]{4}/g, '$1-20261121-030310-41bd'],
  [/sha256:[0-9a-f]{64}/g, `sha256:${'5b8e1f'.repeat(11).slice(0, 64)}`],
  [/\/\S*\/olivia\b/g, '~/.ssh/id_ed25519'],
  [/\bin \d+ ms/g, 'in 2 ms'],
  [/main process \d+/g, 'main process 1007'],
  [/ {2}\d+ s\b/g, '  9 s'],
]

test('docs/generated/fix.svg shows `fleetmend fix` on two hosts whose FPM was killed', async () => {
  await using world = await openWorld()
  for (const host of [await world.add('web-1'), await world.add('web-2')]) host.killFpm()
  let screen = '$ fleetmend fix\n'
  const show = (text: string): void => void (screen += text)
  const ran = await fleetmend(world, ['fix', '--key', world.keys.olivia, '--watch', '0'], ['y', 'y'], {
    paint: colourPaint,
    show,
  })
  expect(ran.exitCode).toBe(0)
  const still = volatile.reduce((text, [pattern, value]) => text.replace(pattern, value), screen)
  const picture = terminalPicture(
    still,
    'A terminal: fleetmend fix diagnoses two hosts, shows the plan, asks, and heals them',
  )
  await expect(picture).toMatchFileSnapshot('../../docs/generated/fix.svg')
})
