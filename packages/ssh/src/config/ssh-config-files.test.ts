import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { configFilesOf } from './ssh-config-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'fleetmend-ssh-globs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const files = configFilesOf(process.getuid?.() ?? -1)
const config = join(folder, 'config')
for (const path of [
  'a/1.conf',
  'a/10.conf',
  'a/2.conf',
  'a/B.conf',
  'a/.x.conf',
  'a/[1].conf',
  'b/1.conf',
  '.c/1.conf',
]) {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), '')
}

/** In their order: `ssh` says of each that it reads it. */
function readBySsh(pattern: string): readonly string[] {
  writeFileSync(config, `Include "${pattern.replaceAll('\\', '\\\\')}"\n`)
  const { stderr } = spawnSync('ssh', ['-vG', '-F', config, 'web-1'], { encoding: 'utf8' })
  return [...stderr.matchAll(/Reading configuration data (.*?)\r?$/gm)].map(([, path = '']) => path).slice(1)
}

test.each([
  { pattern: 'a/*.conf', count: 5 },
  { pattern: '*/1.conf', count: 2 },
  { pattern: '*/*', count: 6 },
  { pattern: '.*/1.conf', count: 1 },
  { pattern: 'a/.*.conf', count: 1 },
  { pattern: 'a/?.conf', count: 3 },
  { pattern: 'a/[12].conf', count: 2 },
  { pattern: 'a/[!1].conf', count: 2 },
  { pattern: 'a/[^1].conf', count: 1 },
  { pattern: 'a/[0-9A-Z]*.conf', count: 4 },
  { pattern: 'a/[z-a].conf', count: 0 },
  { pattern: 'a/\\[1\\].conf', count: 1 },
  { pattern: 'a/[[]1].conf', count: 1 },
  { pattern: 'a/1.conf', count: 1 },
  { pattern: 'a/none.conf', count: 0 },
  { pattern: 'none/*', count: 0 },
  { pattern: 'a/{1,2}.conf', count: 0 },
])('$pattern is what ssh reads for it, in its order', ({ pattern, count }) => {
  const found = files.matching(`${folder}/${pattern}`)
  expect(found).toHaveLength(count)
  expect(found).toEqual(readBySsh(`${folder}/${pattern}`))
})
