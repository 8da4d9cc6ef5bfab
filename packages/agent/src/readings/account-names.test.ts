import { expect, test } from 'vitest'
import { accountId, accountsOfGroup, accountWithId, asksBeyondFiles, readAccountNames } from './account-names.ts'

test('names are the first field of each line, and nothing else is', () => {
  const text =
    'root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n#old:x:1:1\n\nbroken line\n+@ldap::\n'
  expect([...readAccountNames(text)]).toEqual(['root', 'www-data', '+@ldap'])
})

test.each([
  { nsswitch: 'passwd:         files systemd\ngroup: files\n', beyond: false },
  { nsswitch: 'passwd: files sss\n', beyond: true },
  { nsswitch: 'passwd: files [NOTFOUND=return] # ldap\n', beyond: false },
  { nsswitch: 'group: files ldap\n', beyond: false },
  { nsswitch: '', beyond: false },
])('whether users may exist beyond the files: $nsswitch', ({ nsswitch, beyond }) => {
  expect(asksBeyondFiles(nsswitch, 'passwd')).toBe(beyond)
})

test('a number by name, and none for a name that is not there', () => {
  const text = 'root:x:0:\nfleetmend:x:987:ana\nodd:x::\n'
  expect(['root', 'fleetmend', 'odd', 'nobody'].map((name) => accountId(text, name))).toEqual([0, 987, null, null])
})

test('a name by number, and those who have a group as their own', () => {
  const text = 'root:x:0:0:root:/root:/bin/bash\nana:x:1000:987::/home/ana:\nben:x:1001:987::/home/ben:\nbroken line\n'
  expect([0, 1001, 987].map((id) => accountWithId(text, id))).toEqual(['root', 'ben', null])
  expect([0, 987, 33].map((gid) => accountsOfGroup(text, gid))).toEqual([['root'], ['ana', 'ben'], []])
})
