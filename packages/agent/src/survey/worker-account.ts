/** Whom nginx's workers run as, with the groups they have and those they would have if they started now. */
import type { ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { groupsOfMember } from '../readings/group-members.ts'
import { readCredentials } from '../readings/proc.ts'
import type { WorkerAccount } from './address-facts.ts'

/** Null when no worker runs, or it could not be read. */
export async function workerAccount(host: ReadHost, pid: number | null): Promise<WorkerAccount | null> {
  if (pid === null) return null
  const status = await host.readFile(`/proc/${pid}/status`)
  const credentials = status.ok ? readCredentials(textOf(status.value)) : null
  if (!credentials) return null
  const user = await host.userName(credentials.uid)
  const listed = await host.readFile('/etc/group')
  const own = new Set([credentials.gid, ...credentials.groups])
  return {
    ...credentials,
    user,
    groupNames: await Promise.all([...own].map((gid) => host.groupName(gid))),
    newGroups: listed.ok ? groupsOfMember(textOf(listed.value), user).filter((gid) => !own.has(gid)) : [],
  }
}
