/** Our reading of FPM's configuration beside what FPM itself makes of it: `php-fpm -F -O -tt` over random trees. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { debianBuild } from '../../../packages/agent/src/readings/expected-fpm-dump.ts'
import { readFpmConfigErrors } from '../../../packages/agent/src/readings/fpm-config-errors.ts'
import { readFpmConfig, type FpmConfig } from '../../../packages/agent/src/readings/fpm-config.ts'
import { readWithFiles } from '../../../packages/agent/src/survey/config-files.ts'
import { hostsAreImpossible } from '../../lab/can-boot-hosts.ts'
import { openTree, type DebianTree } from '../../lab/debian-tree.ts'
import type { Ran } from '../../lab/tool.ts'
import type { Release } from '../../lab/tree-recipes.ts'
import { randomly } from './chosen-at-random.ts'
import { fpmDifferences, isUnfollowed, refusalsOf } from './fpm-agrees.ts'
import { fpmCases, folder, main, type FpmCase } from './fpm-trees.ts'
import { filesIn } from './tree-files.ts'

const releases: readonly { readonly release: Release; readonly php: string }[] = [
  { release: 'debian11', php: '7.4' },
  { release: 'debian12', php: '8.2' },
  { release: 'debian13', php: '8.4' },
]

describe.skipIf(await hostsAreImpossible()).each(releases)('PHP $php', ({ release, php }) => {
  let tree: DebianTree
  beforeAll(async () => {
    tree = await openTree(release)
  })
  afterAll(() => tree?.[Symbol.asyncDispose]())

  const build = debianBuild(php)

  test(
    'takes what we take, refuses what we refuse, and has every value that we read',
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fpmCases, async (given) => {
          tree.remove(folder)
          tree.write(given.files)
          const config = await read()
          const said = await tree.run([`php-fpm${php}`, '-F', '-O', '-tt', '-y', main], { encoding: 'latin1' })
          expect(complaintsOf(given, config, said)).toEqual([])
        }),
        randomly(100),
      )
    },
  )

  function complaintsOf(given: FpmCase, config: FpmConfig, said: Ran): readonly string[] {
    if (said.exitCode === 0) return fpmDifferences(config, said, build)
    const refusals = refusalsOf(config, build, /depends on \$\{|nothing matches the include \/conf/)
    return refusals.length === 0
      ? [`FPM refuses what we take: ${said.stderr}`]
      : misplaced(given, refusals, said.stderr)
  }

  async function read(): Promise<FpmConfig> {
    const reading = await readWithFiles(filesIn(tree), ({ read: file, glob }) =>
      readFpmConfig(main, file, glob, build.prefix),
    )
    if (!reading.ok) throw new Error(reading.says)
    return reading.value
  }
})

/** Where only one thing is wrong, and FPM names a place for it, that must be the place where we say it is. */
function misplaced({ stray }: FpmCase, refusals: readonly string[], stderr: string): readonly string[] {
  const error = readFpmConfigErrors(stderr).find(({ says }) => !says.startsWith('Nothing matches'))
  const [refusal = ''] = refusals
  if (refusals.length !== 1 || error?.path === undefined || isUnfollowed.test(refusal)) return []
  const [path, line] = refusal.split(':')
  const isCounted = stray !== null && path === stray.path && Number(line) === stray.line
  const isThere = path === error.path && (!isCounted || error.line === undefined || error.line === stray.line)
  return isThere ? [] : [`we say ${refusal}; FPM says ${stderr}`]
}
