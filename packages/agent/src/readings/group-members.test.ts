import { expect, test } from 'vitest'
import { groupsOfMember } from './group-members.ts'

const file = 'root:x:0:\nwww-data:x:33:\nphp:x:998:www-data,deploy\nweb:x:997:deploy, www-data\nbroken:x:y:www-data\n'

test.each([
  { user: 'www-data', groups: [998, 997] },
  { user: 'deploy', groups: [998, 997] },
  { user: 'data', groups: [] },
])('$user is a member of $groups', ({ user, groups }) => {
  expect(groupsOfMember(file, user)).toEqual(groups)
})
