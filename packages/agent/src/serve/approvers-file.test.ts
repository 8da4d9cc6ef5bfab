import { readFileSync } from 'node:fs'
import { readApprovers } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { hardwareKey } from '../../../shared/test/hardware-key.ts'
import { hostOf } from '../execute/simulated-host.ts'
import { simulatedWorld } from '../execute/simulated-world.ts'
import type { FileFacts, ReadHost } from '../host/host.ts'
import { approversPath, readApproversFile } from './approvers-file.ts'

const line = 'ana ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqV0ZrKXbG3uTn0kFkUnG9iFqIo8pD0b6l3h0Lw3M5d\n'

interface Situation {
  readonly path?: string
  readonly facts?: Partial<FileFacts>
}

/** Where the one at `path` has other facts than it should. */
function hostWith({ path: odd, facts: change = {} }: Situation): ReadHost {
  const world = simulatedWorld(0)
  world.directories.add('/etc/fleetmend')
  world.files.set(approversPath, { bytes: Buffer.from(line), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  const host = hostOf(world)
  return {
    ...host,
    stat: async (path) => {
      const facts = await host.stat(path)
      return facts.ok ? { ok: true, value: { ...facts.value, ...(path === odd ? change : {}) } } : facts
    },
  }
}

test('a list that only root can write to counts', async () => {
  expect(await readApproversFile(hostWith({}))).toMatchObject({
    ok: true,
    value: { approvers: [{ principal: 'ana' }], refused: [] },
  })
})

const folder = '/etc/fleetmend'

test.each([
  { path: approversPath, facts: { mode: 0o664 }, says: 'others than root may write to it (mode 0664)' },
  { path: approversPath, facts: { mode: 0o646 }, says: 'others than root may write to it (mode 0646)' },
  { path: approversPath, facts: { uid: 1000 }, says: 'it belongs to user 1000' },
  { path: approversPath, facts: { kind: 'link' as const }, says: 'it is not a regular file' },
  { path: approversPath, facts: { kind: 'directory' as const }, says: 'it is not a regular file' },
  { path: folder, facts: { mode: 0o775 }, says: 'others than root may write to its folder (mode 0775)' },
  { path: folder, facts: { uid: 1000 }, says: 'its folder belongs to user 1000' },
  { path: folder, facts: { kind: 'link' as const }, says: 'its folder is not a regular directory' },
  { path: '/etc', facts: { mode: 0o777 }, says: 'others than root may write to the folder /etc (mode 0777)' },
  { path: '/', facts: { uid: 1000 }, says: 'the folder / belongs to user 1000' },
])('one that somebody else could have written does not: $says', async ({ path, facts, says }) => {
  const read = await readApproversFile(hostWith({ path, facts }))
  expect(read).toMatchObject({
    ok: false,
    problem: { code: 'approvers-unusable', detail: expect.stringContaining(`and ${says}.`) },
  })
  // The command that mends it names what is wrong, and that alone.
  const mend = 'kind' in facts ? `itself at ${path}.` : `    chown root:root ${path}\n    chmod go-w ${path}`
  expect(!read.ok && read.problem.detail).toMatch(new RegExp(`${mend.replaceAll('.', '[.]')}$`))
})

test('where there is none nobody can approve, and it says how to make one', async () => {
  const host = hostOf(simulatedWorld(0))
  expect(await readApproversFile(host)).toMatchObject({
    ok: false,
    problem: { code: 'approvers-unusable', detail: expect.stringMatching(/there is none[\s\S]*ssh-ed25519/) },
  })
})

test('the example that is packaged names nobody, and its lines are such as count', () => {
  const example = readFileSync(new URL('../../../../packaging/etc/fleetmend/approvers', import.meta.url), 'utf8')
  expect(readApprovers(example)).toEqual({ approvers: [], refused: [] })
  const lines = [...example.matchAll(/^#([a-z]+ .*)$/gm)].map(([, text = '']) =>
    text.replace('ssh-ed25519 AAAA…', () => hardwareKey('ed25519').publicKey),
  )
  const { approvers, refused } = readApprovers(lines.join('\n'))
  expect(refused).toEqual([])
  expect(approvers.map(({ principal }) => principal)).toEqual(['olivia', 'ben', 'carl'])
})
