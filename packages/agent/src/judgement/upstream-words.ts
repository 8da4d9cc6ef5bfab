/** Words and evidence that all findings about nginx's way to PHP share. */
import type { Evidence } from '@fleetmend/shared'
import type { SocketAddress } from '../host/host.ts'
import { localTimeMs } from '../readings/log-time.ts'
import { forPeople } from '../readings/bytes.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { PassFacts, PeerFacts, UpstreamFacts } from '../survey/address-facts.ts'
import type { FpmFacts, HostFacts, PoolFacts, SiteFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'
import { claimsOf, recentErrors, type Unreached } from './upstream-obstacle.ts'

/** As people write it: a path, or host and port. */
export function plain(address: SocketAddress): string {
  return address.slice(address.indexOf(':') + 1)
}

/** As `fastcgi_pass` takes it. */
export function passTarget(address: SocketAddress): string {
  return address.startsWith('unix:') ? address : plain(address)
}

/** `shop.example`, `shop.example and 2 other sites` */
export function sitesInWords(passes: readonly PassFacts[]): string {
  const [first = 'nginx', ...others] = new Set(passes.map(({ site }) => site))
  if (others.length === 0) return first
  return others.length === 1 ? `${first} and ${others[0]}` : `${first} and ${others.length} other sites`
}

export function siteSubject(passes: readonly PassFacts[]): { readonly kind: 'site'; readonly name: string } {
  return { kind: 'site', name: passes[0]?.site ?? 'nginx' }
}

/** `php8.2-fpm/www`, or the service alone where its pool is not known. */
export function poolSubject(name: string): { readonly kind: 'pool' | 'service'; readonly name: string } {
  return { kind: name.includes('/') ? 'pool' : 'service', name }
}

/** The pool whose configuration names this address, or the site that asks there where none does. */
export function addressSubject(
  facts: HostFacts,
  address: SocketAddress,
  passes: readonly PassFacts[],
): { readonly kind: 'pool' | 'service' | 'site'; readonly name: string } {
  const [claim] = claimsOf(facts, address)
  return claim ? poolSubject(claim.pool.subject) : siteSubject(passes)
}

/** What is not so yet begins with when it would be. */
export function said(facts: HostFacts, { role }: Unreached, sentence: string): string {
  if (role === 'cause') return sentence
  return facts.nginx.master === null ? `Once nginx runs: ${sentence}` : `After the next reload of nginx: ${sentence}`
}

/** What the address came to just now, what nginx logged about it, and what visitors get. */
export function upstreamEvidence(facts: HostFacts, { upstream, passes }: Unreached): readonly Evidence[] {
  return [
    requestEvidence(upstream),
    ...newestError(facts, passes, recentErrors(facts, passes, upstream.address)),
    ...httpEvidence(facts, passes),
  ]
}

export function requestEvidence({ address, reply }: UpstreamFacts): Evidence {
  const says = 'says' in reply ? reply.says : reply.kind === 'answered' ? 'answered' : 'no answer in time'
  const errno = reply.kind === 'cannot-connect' ? ` (${reply.errno})` : ''
  return { source: `FastCGI request as nginx's worker makes it, to ${plain(address)}`, says: `${says}${errno}` }
}

export function newestError(
  facts: HostFacts,
  passes: readonly PassFacts[],
  errors: readonly NginxErrorEntry[],
): readonly Evidence[] {
  const newest = errors.toSorted((a, b) => localTimeMs(a.localTime) - localTimeMs(b.localTime)).at(-1)
  if (!newest) return []
  const phase = newest.phase === null ? '' : ` while ${newest.phase}`
  const says = `${forPeople(newest.message).slice(0, 300)}${phase}`
  return [{ source: errorLogsOf(facts, passes), says, at: instantOf(localTimeMs(newest.localTime)) }]
}

function errorLogsOf(facts: HostFacts, passes: readonly PassFacts[]): string {
  const logs = sitesBehind(facts, passes).flatMap(({ errorLogs }) => errorLogs)
  return [...new Set(logs)].slice(0, 3).join(' or ') || 'nginx error log'
}

function sitesBehind(facts: HostFacts, passes: readonly PassFacts[]): readonly SiteFacts[] {
  const names = new Set(passes.map(({ site }) => site))
  return facts.nginx.sites.ok ? facts.nginx.sites.value.filter(({ serverName }) => names.has(serverName)) : []
}

export function httpEvidence(facts: HostFacts, passes: readonly PassFacts[]): readonly Evidence[] {
  return sitesBehind(facts, passes)
    .flatMap(({ probes }) => probes.filter(({ over, passed }) => over === 'http' && !passed))
    .slice(0, 3)
    .map((probe) => ({ source: `request to ${probe.site} through nginx`, says: probe.says }))
}

/** Where nginx is told to go there. */
export function passEvidence(passes: readonly PassFacts[], address: SocketAddress): readonly Evidence[] {
  return writtenOf(passes, address)
    .slice(0, 3)
    .map(({ at, text, modifiedMs }) => ({
      source: at,
      says: text,
      ...(modifiedMs === null ? {} : { at: instantOf(modifiedMs) }),
    }))
}

export interface Written {
  /** FILE:LINE */
  readonly at: string
  readonly text: string
  readonly modifiedMs: number | null
}

export function writtenOf(passes: readonly PassFacts[], address: SocketAddress): readonly Written[] {
  const all = passes.flatMap((pass) =>
    pass.peers.filter((peer) => peer.address === address).map((peer) => writtenPeer(pass, peer)),
  )
  return [...new Map(all.map((each) => [each.at, each])).values()]
}

function writtenPeer(pass: PassFacts, peer: PeerFacts): Written {
  const text = pass.group === null ? `fastcgi_pass ${peer.target}` : `upstream ${pass.group}: server ${peer.target}`
  return { at: `${peer.path}:${peer.line}`, text, modifiedMs: peer.modifiedMs }
}

export function listenWritten(service: FpmFacts, pool: PoolFacts): Written | null {
  if (!service.config.ok) return null
  const directive = service.config.value.pools.find(({ name }) => name === pool.name)?.directives.get('listen')
  return directive
    ? {
        at: `${directive.path}:${directive.line}`,
        text: `listen = ${directive.value}`,
        modifiedMs: pool.listenModifiedMs,
      }
    : null
}

export function asEvidence({ at, text, modifiedMs }: Written): Evidence {
  return { source: at, says: text, ...(modifiedMs === null ? {} : { at: instantOf(modifiedMs) }) }
}
