/** Who belongs to which group by `/etc/group`: what processes have that start now, and running ones may not have yet. */

/** Numbers of the groups that list this user as a member. */
export function groupsOfMember(text: string, user: string): readonly number[] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members = ''] = line.split(':')
    const isMember = members.split(',').some((member) => member.trim() === user)
    return name !== undefined && isMember && /^\d+$/.test(gid ?? '') ? [Number(gid)] : []
  })
}
