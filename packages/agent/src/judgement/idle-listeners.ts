/** Where PHP-FPM listens and no site asks: what an nginx that asks at a dead address may have been meant to ask. */
import { isSiteName, type SuggestedRemediation } from '@fleetmend/shared'
import type { SocketAddress } from '../host/host.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'
import { reaches } from './same-address.ts'
import { listens, type Unreached } from './upstream-obstacle.ts'
import { listenWritten, writtenOf, type Written } from './upstream-words.ts'

export interface IdleListener {
  readonly service: FpmFacts
  readonly address: SocketAddress
  /** Null where it is not known whose it is. */
  readonly pool: PoolFacts | null
  /** The pool where it is known, else the service. */
  readonly name: string
  readonly written: Written | null
  /** The file of the pool names an address on which the service does listen. */
  readonly isLoaded: boolean
}

export function idleListeners(facts: HostFacts): readonly IdleListener[] {
  const asked = facts.nginx.upstreams.map(({ address }) => address)
  return facts.fpm.flatMap((service) =>
    service.listensOn
      .filter((on) => !asked.some((address) => reaches(address, on)))
      .map((address) => listenerAt(service, address)),
  )
}

function listenerAt(service: FpmFacts, address: SocketAddress): IdleListener {
  const named = service.pools.find(({ listen }) => listen !== null && reaches(listen, address))
  const [single] = service.pools
  const pool = named ?? (service.pools.length === 1 ? (single ?? null) : null)
  return {
    service,
    address,
    pool,
    name: pool?.subject ?? service.service,
    written: pool ? listenWritten(service, pool) : null,
    isLoaded: pool !== null && pool.listen !== null && listens(service, pool.listen),
  }
}

/** Suggested where a dead address can only have been meant for one pool; elsewhere a person has to choose. */
export function alignment(facts: HostFacts, passes: Unreached['passes']): SuggestedRemediation[] {
  const [only, ...others] = idleListeners(facts)
  const [pass] = passes
  if (!only?.pool || others.length > 0 || !only.isLoaded || !pass || !isSiteName(pass.site)) return []
  return [{ id: 'align-upstream', input: { site: pass.site, pool: only.pool.subject } }]
}

/** Files written within the same second were changed together, by a deployment. */
export function changedLast(passes: Unreached['passes'], address: SocketAddress, listen: Written | null): string {
  const nginxMs = Math.max(...writtenOf(passes, address).map(({ modifiedMs }) => modifiedMs ?? 0))
  const fpmMs = listen?.modifiedMs ?? 0
  if (nginxMs <= 0 || fpmMs <= 0 || Math.abs(nginxMs - fpmMs) < 1000) return ''
  return nginxMs > fpmMs
    ? ` nginx's side was changed last, at ${instantOf(nginxMs)}.`
    : ` FPM's side was changed last, at ${instantOf(fpmMs)}.`
}
