/** Our reading of FPM's configuration beside what FPM itself makes of it: `php-fpm -F -O -tt` over random trees. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { debianBuild } from '../../../packages/agent/src/readings/expected-fpm-dump.ts'
import { withoutComments } from '../../../packages/agent/src/readings/fpm-comments.ts'
import { readFpmConfigErrors } from '../../../packages/agent/src/readings/fpm-config-errors.ts'
import { setGlobalDirective, setPoolDirective } from '../../../packages/agent/src/readings/fpm-config-edit.ts'
import { readFpmConfig, type FpmConfig } from '../../../packages/agent/src/readings/fpm-config.ts'
import { readFpmDump, type FpmDump } from '../../../packages/agent/src/readings/fpm-dump.ts'
import { applySplices } from '../../../packages/agent/src/readings/splice.ts'
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

/** As FPM prints them, and takes them beside any other directive. */
const wantedValues = [
  { of: 'global', name: 'process_control_timeout', value: '7s' },
  { of: 'global', name: 'emergency_restart_threshold', value: '7' },
  { of: 'pool', name: 'pm.max_requests', value: '77' },
  { of: 'pool', name: 'request_terminate_timeout', value: '77s' },
] as const

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
          // What a diagnosis tests is the same texts without their comments.
          tree.write(new Map(config.files.map(({ path, text }) => [path, withoutComments(text)])))
          const abridged = await tree.run([`php-fpm${php}`, '-F', '-O', '-tt', '-y', main], { encoding: 'latin1' })
          expect(withoutTimes(abridged)).toEqual(withoutTimes(said))
        }),
        randomly(100),
      )
    },
  )

  test(
    'after an edit it has the wanted value where it was wanted, and every other value as before',
    { timeout: 3_600_000 },
    async () => {
      let edits = 0
      await fc.assert(
        fc.asyncProperty(fpmCases, fc.nat(), fc.constantFrom(...wantedValues), async (given, which, wanted) => {
          tree.remove(folder)
          tree.write(given.files)
          const config = await read()
          const before = await dumped()
          const pools = [...(before?.keys() ?? [])].filter((name) => name !== 'global')
          const pool = wanted.of === 'global' ? null : (pools[which % pools.length] ?? null)
          if (before === null || (wanted.of === 'pool' && pool === null)) return
          if (config.oddities.some((says) => isUnfollowed.test(says) || says.includes('depends on ${'))) return
          const { path, splice } =
            pool === null
              ? setGlobalDirective(config, wanted.name, wanted.value)
              : setPoolDirective(config, pool, wanted.name, wanted.value)
          const edited = applySplices(given.files.get(path) ?? '', [splice])
          if (!edited.ok) throw new Error(edited.says)
          tree.write(new Map([[path, edited.text]]))
          const expected = new Map([...before].map(([name, values]) => [name, new Map(values)]))
          expected.get(pool ?? 'global')?.set(wanted.name, wanted.value)
          expect(await dumped()).toEqual(expected)
          edits += 1
        }),
        randomly(60),
      )
      // Many of the trees are none that FPM takes.
      expect(edits).toBeGreaterThan(15)
    },
  )

  /** Null where FPM refuses the files, or prints nothing because of its log level. */
  async function dumped(): Promise<FpmDump | null> {
    const said = await tree.run([`php-fpm${php}`, '-F', '-O', '-tt', '-y', main], { encoding: 'latin1' })
    const dump = said.exitCode === 0 ? readFpmDump(said.stderr) : null
    return dump?.ok ? dump.value : null
  }

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

/** With log_level = debug each line names its process, too. */
function withoutTimes({ exitCode, stderr }: Ran) {
  return { exitCode, stderr: stderr.replace(/^\[\d[^\]]*\] /gm, '').replace(/ pid \d+,/g, '') }
}

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
