/** Our reading of nginx's configuration beside nginx's own: which files, in which order, and what it refuses where. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readNginxConfig } from '../../../packages/agent/src/readings/nginx-config.ts'
import { readWithFiles } from '../../../packages/agent/src/survey/config-files.ts'
import { hostsAreImpossible } from '../../lab/can-boot-hosts.ts'
import { openTree, type DebianTree } from '../../lab/debian-tree.ts'
import { randomly } from './chosen-at-random.ts'
import { nginxDifferences } from './nginx-agrees.ts'
import { folder, main, nginxTrees } from './nginx-trees.ts'
import { filesIn } from './tree-files.ts'

const releases = [
  { release: 'debian11', nginx: '1.18' },
  { release: 'debian12', nginx: '1.22' },
  { release: 'debian13', nginx: '1.26' },
] as const

describe.skipIf(await hostsAreImpossible()).each(releases)('nginx $nginx', ({ release }) => {
  let tree: DebianTree
  beforeAll(async () => {
    tree = await openTree(release)
  })
  afterAll(() => tree?.[Symbol.asyncDispose]())

  test('loads the files that we load, and refuses what we refuse', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(nginxTrees, async (files) => {
        tree.remove(folder)
        tree.write(files)
        const ours = await readWithFiles(filesIn(tree), ({ read, glob }) => readNginxConfig(main, read, glob))
        const nginx = await tree.run(['nginx', '-T', '-c', main], { encoding: 'latin1' })
        expect(nginxDifferences(ours, nginx), nginx.stderr).toEqual([])
      }),
      randomly(200),
    )
  })
})
