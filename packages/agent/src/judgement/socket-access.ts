/** What would let nginx's worker connect to a pool's socket again, with as little opened as that takes. */
import type { ChangeOf, DirectoryState } from '@fleetmend/shared'
import { denialOf } from '../readings/acl.ts'
import type { PathFacts, StepFacts, WorkerAccount } from '../survey/address-facts.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { deniedAfterRestart, deniedSocket, listed, settingsOf, type SocketSettings } from './next-socket.ts'
import { deniedAt, helpsByNewGroup, unreached, type Claim } from './upstream-obstacle.ts'
import { isMeant } from './same-address.ts'

export type AccessMending =
  /** Its user has the group by now, and the running worker does not know. */
  | { readonly is: 'new-group'; readonly why: string }
  | { readonly is: 'folders'; readonly why: string; readonly folders: readonly Omit<ChangeOf<'directory'>, 'of'>[] }
  /** Set in the pool; none where the files are right, and what is there was changed by hand or never loaded. */
  | {
      readonly is: 'settings'
      readonly why: string
      readonly set: readonly (readonly [name: string, value: string])[]
      /** False: it works now, and would not after the next restart. */
      readonly isDenied: boolean
    }
  | { readonly is: 'by-hand'; readonly why: string; readonly toDo: string }

/** Null where nothing keeps nginx out of this pool. */
export function mendAccess(facts: HostFacts, claim: Claim): AccessMending | null {
  const { worker } = facts.nginx
  if (!worker) return null
  const at = unreached(facts, 'socket-denied').find(({ upstream }) => isMeant(facts, upstream.address, claim.pool))
  const denial = at?.upstream.way ? deniedAt(at.upstream.way, worker) : null
  if (!at?.upstream.way || !denial) {
    const next = deniedAfterRestart(facts).find((each) => each.claim.pool.subject === claim.pool.subject)
    if (!next) return null
    return mendSettings(
      claim,
      worker,
      `After a restart the socket of ${claim.pool.subject} would be ${next.socket}.`,
      false,
    )
  }
  const why = `${worker.user} may not ${denial.step.kind === 'directory' ? 'enter' : 'connect to'} ${denial.step.path}: ${denial.why}.`
  if (helpsByNewGroup(denial.step, worker)) return { is: 'new-group', why }
  if (denial.step.kind === 'directory') return mendFolders(at.upstream.way, worker, why)
  return mendSettings(claim, worker, why, true)
}

/** Folders that exist to be passed through; what is in a home is nobody's to open. */
const openable = ['/run/', '/var/', '/srv/', '/opt/']

function mendFolders({ steps, hasReadAcls }: PathFacts, worker: WorkerAccount, why: string): AccessMending {
  const closed = steps.filter((step) => step.kind === 'directory' && denialOf(step, worker, 'execute') !== null)
  const listedOne = closed.find(({ acl }) => acl.length > 0)
  if (listedOne || !hasReadAcls)
    return {
      is: 'by-hand',
      why,
      toDo: `An access control list has a say there: \`setfacl -m u:${worker.user}:x ${(listedOne ?? closed[0])?.path}\`.`,
    }
  const home = closed.find(({ path }) => !openable.some((root) => `${path}/`.startsWith(root)))
  if (home)
    return {
      is: 'by-hand',
      why,
      toDo: `${home.path} is not for others to pass through: give the pool a socket in /run/php (\`listen\`), and nginx the same path.`,
    }
  const folders = closed.map((step) => {
    const before = stateOf(step, step.mode)
    return { path: step.path, before, after: stateOf(step, step.mode | searchBit(step, worker)) }
  })
  return { is: 'folders', why, folders }
}

/** The class that decides for this account (acl(5)); with the others' bit nobody but those who pass is let in. */
function searchBit({ uid, gid }: StepFacts, worker: WorkerAccount): number {
  if (uid === worker.uid) return 0o100
  return gid === worker.gid || worker.groups.includes(gid) ? 0o010 : 0o001
}

function stateOf({ owner, group }: StepFacts, mode: number): DirectoryState {
  return { mode: `0${mode.toString(8).padStart(3, '0')}`, owner, group }
}

function mendSettings(claim: Claim, worker: WorkerAccount, why: string, isDenied: boolean): AccessMending {
  const settings = settingsOf(claim)
  if (settings === null)
    return {
      is: 'by-hand',
      why,
      toDo: `What the pool ${claim.pool.name} says of its socket depends on variables: see that listen.owner, listen.group and listen.mode come to something that ${worker.user} may use, and restart.`,
    }
  const set = deniedSocket(settings, worker) === null ? [] : leastSettings(settings, worker)
  return { is: 'settings', why, set, isDenied }
}

/** root needs no permission, so that its place as owner can be given away; whoever else has one keeps it. */
function leastSettings(settings: SocketSettings, { user, groupNames }: WorkerAccount): [string, string][] {
  const users = listed(settings.aclUsers)
  if (users.length + listed(settings.aclGroups).length > 0) return [['listen.acl_users', [...users, user].join(',')]]
  const owner = settings.owner || 'root'
  const isOwner = owner === user
  const [group = user] = groupNames
  const place: [string, string] | null = isOwner
    ? null
    : owner === 'root'
      ? ['listen.owner', user]
      : ['listen.group', group]
  const needed = place?.[0] === 'listen.group' ? 0o020 : 0o200
  const changed = place === null ? [] : [place]
  // Never for others: 0660 is the most there is to be.
  return (settings.mode & needed) === 0 ? [...changed, ['listen.mode', '0660']] : changed
}
