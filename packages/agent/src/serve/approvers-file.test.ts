import { expect, test } from 'vitest'
import { hostOf, simulatedWorld } from '../execute/simulated-host.ts'
import type { FileFacts, ReadHost } from '../host/host.ts'
import { approversPath, readApproversFile } from './approvers-file.ts'

const line = 'ana ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqV0ZrKXbG3uTn0kFkUnG9iFqIo8pD0b6l3h0Lw3M5d\n'

interface Situation {
  readonly file?: Partial<FileFacts>
  readonly folder?: Partial<FileFacts>
}

function hostWith({ file = {}, folder = {} }: Situation): ReadHost {
  const world = simulatedWorld(0)
  world.directories.add('/etc/fleetmend')
  world.files.set(approversPath, { bytes: Buffer.from(line), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  const host = hostOf(world)
  return {
    ...host,
    stat: async (path) => {
      const facts = await host.stat(path)
      return facts.ok ? { ok: true, value: { ...facts.value, ...(path === approversPath ? file : folder) } } : facts
    },
  }
}

test('a list that only root can write to counts', async () => {
  expect(await readApproversFile(hostWith({}))).toMatchObject({
    ok: true,
    value: { approvers: [{ principal: 'ana' }], refused: [] },
  })
})

test.each<Situation & { readonly says: string }>([
  { file: { mode: 0o664 }, says: 'others than root may write to it (mode 0664)' },
  { file: { mode: 0o646 }, says: 'others than root may write to it (mode 0646)' },
  { file: { uid: 1000 }, says: 'it belongs to user 1000' },
  { file: { kind: 'link' }, says: 'it is not a regular file' },
  { file: { kind: 'directory' }, says: 'it is not a regular file' },
  { folder: { mode: 0o775 }, says: 'others than root may write to its folder (mode 0775)' },
  { folder: { uid: 1000 }, says: 'its folder belongs to user 1000' },
  { folder: { kind: 'link' }, says: 'its folder is not a regular directory' },
])('one that somebody else could have written does not: $says', async ({ says, ...situation }) => {
  expect(await readApproversFile(hostWith(situation))).toMatchObject({
    ok: false,
    problem: { code: 'not-approved', detail: expect.stringContaining(`and ${says}.`) },
  })
})

test('where there is none nobody can approve, and it says how to make one', async () => {
  const host = hostOf(simulatedWorld(0))
  expect(await readApproversFile(host)).toMatchObject({
    ok: false,
    problem: { code: 'not-approved', detail: expect.stringMatching(/there is none[\s\S]*ssh-ed25519/) },
  })
})
