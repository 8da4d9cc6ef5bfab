/** What a pool's socket would be after a restart of its FPM, and whether nginx could then connect to it. */
import type { UpstreamFacts, WorkerAccount } from '../survey/address-facts.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { answers, claimsOf, type Claim } from './upstream-obstacle.ts'

export interface NextSocket {
  readonly upstream: UpstreamFacts
  readonly claim: Claim
  /** Owner, group and mode in words. */
  readonly socket: string
}

/** Sockets that answer now. FPM sets them up when it starts, never at a reload (`fpm_unix_set_socket_permissions`). */
export function deniedAfterRestart(facts: HostFacts): readonly NextSocket[] {
  const { worker, upstreams } = facts.nginx
  if (!worker || worker.uid === 0) return []
  return upstreams
    .filter(({ address }) => address.startsWith('unix:') && answers(facts, address))
    .flatMap((upstream) =>
      claimsOf(facts, upstream.address)
        .filter(({ service }) => service.master !== null)
        .flatMap((claim) => {
          const settings = settingsOf(claim)
          const socket = settings && deniedSocket(settings, worker)
          return socket === null ? [] : [{ upstream, claim, socket }]
        }),
    )
}

/** What the pool's files say of its socket, as FPM takes it. */
export interface SocketSettings {
  readonly owner: string
  readonly group: string
  readonly mode: number
  readonly aclUsers: string
  readonly aclGroups: string
}

/** Null where it cannot be told. */
export function settingsOf({ service, pool }: Claim): SocketSettings | null {
  const configured = service.config.ok ? service.config.value.pools.find(({ name }) => name === pool.name) : undefined
  if (!configured) return null
  const directives = [...configured.directives.values()].filter(({ name }) => name.startsWith('listen.'))
  if (directives.some(({ variables }) => variables.length > 0)) return null
  const value = (name: string) => configured.directives.get(name)?.value ?? ''
  return {
    owner: value('listen.owner'),
    group: value('listen.group'),
    mode: /^[0-7]{3,4}$/.test(value('listen.mode')) ? Number.parseInt(value('listen.mode'), 8) : 0o660,
    aclUsers: value('listen.acl_users'),
    aclGroups: value('listen.acl_groups'),
  }
}

/** What it would be, where that keeps the worker out; null where it does not, or where it cannot be told. */
export function deniedSocket(settings: SocketSettings, worker: WorkerAccount): string | null {
  const { mode } = settings
  // With a list, owner and group are left as they come: root's.
  const [users, groups] = [listed(settings.aclUsers), listed(settings.aclGroups)]
  if (users.length + groups.length > 0) {
    const isListed = users.includes(worker.user) || groups.some((group) => worker.groupNames.includes(group))
    return isListed ? null : `root's, with an ACL for ${[...users, ...groups].join(', ')} only`
  }
  const owner = settings.owner || 'root'
  // The group of the owner where none is named; which that is, only the user database knows.
  const group = settings.group || (owner === 'root' ? 'root' : null)
  const may = (shift: number) => ((mode >> shift) & 2) !== 0
  if (owner === worker.user) return may(6) ? null : words(owner, group, mode)
  if (group === null) return null
  return may(worker.groupNames.includes(group) ? 3 : 0) ? null : words(owner, group, mode)
}

/** Entries of `listen.acl_users` and its like. */
export function listed(value: string): readonly string[] {
  return value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function words(owner: string, group: string | null, mode: number): string {
  return `${owner}:${group ?? '?'} ${mode.toString(8).padStart(4, '0')}`
}
