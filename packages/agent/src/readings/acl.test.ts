import { describe, expect, test } from 'vitest'
import { denialOf, readAcls, type Guarded } from './acl.ts'

/** `getfacl --absolute-names --numeric` on Debian 12, after `setfacl -m u:nobody:rw,g:www-data:-`. */
const printed = `# file: /run/php/php8.2-fpm.sock
# owner: 33
# group: 33
user::rw-
user:65534:rw-
group::rw-
group:33:---
mask::rw-
other::---

# file: /run/a folder\\012with a line break
# owner: 33
# group: 33
user::rwx
group::r-x
mask::r-x
other::r-x
default:user::rwx
default:group::---

`

test('lists are read by path, default entries left out', () => {
  const acls = readAcls(printed)
  expect([...acls.keys()]).toEqual(['/run/php/php8.2-fpm.sock', '/run/a folder\nwith a line break'])
  expect(acls.get('/run/php/php8.2-fpm.sock')).toMatchObject([
    { is: 'owner', id: null, read: true, write: true, execute: false },
    { is: 'user', id: 65534 },
    { is: 'owning-group', id: null },
    { is: 'group', id: 33, read: false, write: false, text: 'group:33:---' },
    { is: 'mask', write: true },
    { is: 'other', write: false },
  ])
  expect(acls.get('/run/a folder\nwith a line break')).toHaveLength(4)
})

test('what only says the mode, or was not printed, is no list', () => {
  expect(readAcls('# file: /run\nuser::rwx\ngroup::r-x\nother::r-x\n').size).toBe(0)
  expect(readAcls('getfacl: /nonexistent: No such file or directory\n').size).toBe(0)
})

describe('who may pass', () => {
  const account = { uid: 33, gid: 33, groups: [33, 100] }
  const socket = (changes: Partial<Guarded>): Guarded => ({ mode: 0o660, uid: 0, gid: 0, acl: [], ...changes })
  const acl = (...lines: string[]) => readAcls(`# file: /x\n${lines.join('\n')}\n`).get('/x') ?? []

  test.each<{ is: string; file: Partial<Guarded>; why: string | null }>([
    { is: 'the owner', file: { uid: 33 }, why: null },
    { is: 'the owner of a socket nobody may write', file: { uid: 33, mode: 0o466 }, why: 'the owner may not' },
    { is: 'a member of its group', file: { gid: 100 }, why: null },
    { is: 'a member of a group that may only read', file: { gid: 33, mode: 0o646 }, why: 'its group may not' },
    { is: 'somebody else', file: {}, why: 'others may not' },
    { is: 'somebody else, where all may', file: { mode: 0o666 }, why: null },
    {
      is: 'a named user',
      file: { acl: acl('user::rw-', 'user:33:rw-', 'group::---', 'mask::rw-', 'other::---') },
      why: null,
    },
    {
      is: 'a named user who may only read',
      file: { gid: 33, acl: acl('user::rw-', 'user:33:r--', 'group::rw-', 'mask::rw-', 'other::rw-') },
      why: 'its ACL says user:33:r--',
    },
    {
      is: 'a named user behind a mask',
      file: { acl: acl('user::rw-', 'user:33:rw-', 'group::rw-', 'mask::r--', 'other::---') },
      why: 'its ACL says mask::r--',
    },
    {
      is: 'a named group that may not',
      file: { acl: acl('user::rw-', 'group::rw-', 'group:33:---', 'mask::rw-', 'other::rw-') },
      why: 'its ACL says group:33:---',
    },
    {
      is: 'one of two groups that may',
      file: { acl: acl('user::rw-', 'group::rw-', 'group:33:---', 'group:100:rw-', 'mask::rw-', 'other::---') },
      why: null,
    },
    {
      is: 'the owning group, whose mode bits are only the mask',
      file: { gid: 33, mode: 0o660, acl: acl('user::rw-', 'user:5:rw-', 'group::---', 'mask::rw-', 'other::---') },
      why: 'its group may not',
    },
  ])('$is: $why', ({ file, why }) => {
    expect(denialOf(socket(file), account, 'write')).toBe(why)
  })

  test('a folder is entered by its execute bit', () => {
    expect(denialOf(socket({ mode: 0o700 }), account, 'execute')).toBe('others may not')
    expect(denialOf(socket({ mode: 0o711 }), account, 'execute')).toBe(null)
    expect(denialOf(socket({ mode: 0o744 }), account, 'execute')).toBe('others may not')
  })

  test('root goes past all of it', () => {
    expect(denialOf(socket({ mode: 0 }), { uid: 0, gid: 0, groups: [] }, 'write')).toBe(null)
  })
})
