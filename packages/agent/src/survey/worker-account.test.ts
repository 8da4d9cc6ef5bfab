import { expect, test } from 'vitest'
import { fakeReadHost } from './fake-read-host.ts'
import { workerAccount } from './worker-account.ts'

const status = 'Name:\tnginx\nUid:\t33\t33\t33\t33\nGid:\t33\t33\t33\t33\nGroups:\t33 100 \n'

test('groups as the running worker has them, and those it would get by starting anew', async () => {
  const group = 'php:x:998:user-33\nold:x:100:user-33\n'
  const host = fakeReadHost({ tree: { '/proc/51/status': status, '/etc/group': group } })
  expect(await workerAccount(host, 51)).toEqual({
    ...{ user: 'user-33', uid: 33, gid: 33, groups: [33, 100] },
    ...{ groupNames: ['group-33', 'group-100'], newGroups: [998] },
  })
})

test('no worker, or one that has ended, is nobody', async () => {
  expect(await workerAccount(fakeReadHost(), null)).toBe(null)
  expect(await workerAccount(fakeReadHost(), 51)).toBe(null)
})
