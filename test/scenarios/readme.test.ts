/** No command in the README is one that the program does not know. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { exitCodes } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { fleetmend } from './terminal.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(`${root}/README.md`, 'utf8')
const shown = [...readme.matchAll(/^(fleetmend [^\n]+)$|`(fleetmend [^`]+)`/gm)].map(
  ([, line, quoted]) => line ?? quoted!,
)

/** Serving lasts; that it takes these options is seen from its help. */
const commands = shown.map((line) => (line.includes(' serve ') ? `${line} --help` : line))

test('there are commands in it', () => expect(commands.length).toBeGreaterThan(8))

test.each(commands)('%s', async (line) => {
  const words = line
    .replaceAll('RUN', 'r-20261121-030310-41bd')
    .replaceAll('FILE…', `${root}/test/scenarios/manifests/autoheal-asks-php/compose.yaml`)
    .replaceAll('sha256:…', `sha256:${'0'.repeat(64)}`)
    .split(' ')
    .slice(1)
  const asks = ['approve', 'fix', 'rollback'].some((word) => words.slice(0, 2).includes(word)) ? ['--yes'] : []
  const ran = await fleetmend({ socket: `${root}/no-controller.sock` }, [...words, ...asks])
  expect(ran.exitCode, ran.err).not.toBe(exitCodes.usage)
  expect(ran.exitCode, ran.err).not.toBe(exitCodes.internal)
})

test('its two commands are what CI and the story of the demo run', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> }
  expect(readme).toContain('\nnpm run demo\nnpm test\n')
  expect(readFileSync(`${root}/.ci/run`, 'utf8')).toContain('\nnpm test')
  expect(scripts).toMatchObject({
    test: 'node scripts/bootstrap.mjs test',
    demo: 'node scripts/bootstrap.mjs demo',
  })
})
