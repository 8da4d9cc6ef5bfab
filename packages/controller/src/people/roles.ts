/** Which role may do what: every procedure of the API, and who may call it. What stands in no row, nobody may. */
import type { PersonRole } from '@fleetmend/shared'

/** Nothing is changed, and no host is asked. */
const everybody = ['viewer', 'operator', 'approver', 'admin'] as const
/** Either kind of person on duty. */
const onCallOrApproving = ['operator', 'approver', 'admin'] as const
/** Work begins, goes on or ends. What is done to a host, its approvers decide, whoever asks here. */
const onCall = ['operator', 'admin'] as const
const approving = ['approver', 'admin'] as const
/** Who belongs to the fleet, and who may ask what. */
const admins = ['admin'] as const

export const rolesOfProcedure = {
  hello: everybody,
  whoami: everybody,
  catalogue: everybody,
  explain: everybody,
  names: everybody,
  'hosts.list': everybody,
  'hosts.listInParts': everybody,
  'runs.list': everybody,
  'runs.listInParts': everybody,
  'runs.show': everybody,
  'runs.showInParts': everybody,
  'runs.story': everybody,
  'runs.storyInParts': everybody,
  'runs.watch': everybody,

  /** Changes nothing, and keeps hosts busy for a moment. */
  diagnose: onCallOrApproving,
  approvers: onCallOrApproving,

  'runs.start': onCall,
  'runs.retry': onCall,
  'runs.rollback': onCall,
  'runs.begin': onCall,
  'runs.pause': onCall,
  'runs.resume': onCall,
  'runs.promote': onCall,
  'runs.abort': onCall,
  'runs.signRequest': onCall,
  'runs.presentGrant': onCall,

  /** By whoever is there in an emergency: the hosts count the key that signed, and say that it was alone. */
  'runs.breakGlass': onCallOrApproving,

  'audit.list': onCallOrApproving,
  'audit.export': approving,

  'runs.approve': approving,
  'runs.deny': approving,

  'hosts.invite': admins,
  'hosts.sshAccess': admins,
  'hosts.add': admins,
  'hosts.remove': admins,
  'audit.accept': admins,
  'authority.show': admins,
  'authority.renew': admins,
  'authority.finish': admins,
  'store.backup': admins,
  'tokens.create': admins,
  'tokens.list': admins,
  'tokens.revoke': admins,
} as const satisfies Readonly<Record<string, readonly PersonRole[]>>

/** Empty where the procedure stands in no row. */
export function rolesFor(procedure: string): readonly PersonRole[] {
  const rows: Readonly<Record<string, readonly PersonRole[]>> = rolesOfProcedure
  return Object.hasOwn(rows, procedure) ? (rows[procedure] ?? []) : []
}
