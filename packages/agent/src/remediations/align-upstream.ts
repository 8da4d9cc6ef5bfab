/** Let nginx and PHP-FPM name the same address again: nginx asks where the pool listens, or the pool listens where nginx asks. */
import * as z from 'zod/mini'
import type { SocketAddress } from '../host/host.ts'
import { isManaged } from '../judgement/by-hand.ts'
import { changedLast } from '../judgement/idle-listeners.ts'
import { peerHealth } from '../judgement/peer-groups.ts'
import { isMeant, reaches } from '../judgement/same-address.ts'
import { allowedClients, clientAddress, passesTo, unreached, type Unreached } from '../judgement/upstream-obstacle.ts'
import { listenWritten, passTarget, plain, siteSubject, sitesInWords } from '../judgement/upstream-words.ts'
import { setPoolDirective } from '../readings/fpm-config-edit.ts'
import type { NginxConfig, NginxDirective } from '../readings/nginx-config.ts'
import type { PeerFacts } from '../survey/address-facts.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { defineRemediation, type Draft, type Drafted } from './define.ts'
import { changeArguments, findEditableNginx, nginxParts } from './nginx-parts.ts'
import { defaultDeadlineMs, refusedForNginx, reloadParts } from './reload-parts.ts'
import { findAccepted, findPoolIn, notManaged, poolInput, refused, siteInput } from './service-input.ts'

export const alignUpstream = defineRemediation({
  id: 'align-upstream',
  title: 'Let nginx and PHP-FPM name one address',
  meaning:
    'A site asks for PHP at an address where none listens, and a pool listens elsewhere. By default nginx follows: its ' +
    '`fastcgi_pass`, or the `server` of its `upstream` block, is set to where the pool really listens. A reload of nginx ' +
    'loses nothing and lets nobody wait, and whoever moved a pool on purpose meant it to stay. With side=fpm the pool ' +
    'goes to where nginx asks instead, by a reload of FPM, which opens new addresses (though it keeps the sockets of old ones).',
  disturbs:
    'Nothing, when nginx follows. With side=fpm new requests to all pools of the service wait until the slowest one in ' +
    'flight is done; none is lost.',
  undone:
    'The files are put back as they were and the side that was changed is reloaded, which loses no request either.',
  clears: ['upstream-mismatch', 'socket-stale', 'wrong-protocol', 'localhost-two-peers'],
  byHand:
    'Set `fastcgi_pass` in the site to where the pool listens (`ss -lxn`, `ss -ltn`), then `nginx -t && nginx -s reload`.',
  input: z.strictObject({
    site: siteInput,
    pool: poolInput,
    side: z._default(
      z.enum(['nginx', 'fpm']).check(z.describe('Whose files follow: those of nginx, or those of the pool.')),
      'nginx',
    ),
  }),

  draft(facts, { site, pool: subject, side }) {
    const found = findPoolIn(facts, subject, findAccepted)
    if (!found.ok) return found.refused
    const { service, pool } = found.value
    const name = service.service
    const lost = lostOf(facts, site)
    const [first] = lost
    if (!first)
      return facts.nginx.passes.some((pass) => pass.site === site)
        ? {
            kind: 'nothing-to-do',
            because: `Somebody answers wherever ${site} asks for PHP, or what keeps it away is another thing.`,
          }
        : refused(
            `nginx has no site ${site} that asks for PHP.`,
            `Sites found: ${sitesOf(facts).join(', ') || 'none'}.`,
          )
    if (first.upstream.way?.seenBy.includes(name))
      return refused(
        `${site} and ${name} name the same path already, and one of them has its own view of that folder (PrivateTmp).`,
        'Move the socket to a folder that both see, such as /run/php, on both sides.',
      )
    const on =
      pool.listen === null
        ? undefined
        : service.listensOn.find((each) => pool.listen !== null && reaches(pool.listen, each))
    if (pool.listen === null || on === undefined)
      return refused(
        `${subject} does not listen where its file says (${pool.listen === null ? 'not known' : plain(pool.listen)}): that is not loaded.`,
        `Decide which address is meant; \`fleetmend-agent plan reload-fpm --input service=${name}\` loads what the file says.`,
      )
    const at: Alignment = { facts, site, service, pool, lost, first }
    return side === 'nginx' ? nginxFollows(at, connectable(pool.listen)) : fpmFollows(at, first.upstream.address)
  },
})

interface Alignment {
  readonly facts: HostFacts
  readonly site: string
  readonly service: FpmFacts & { readonly config: Extract<FpmFacts['config'], { ok: true }> }
  readonly pool: PoolFacts
  /** Addresses at which the site gets no PHP, with all that lead there. */
  readonly lost: readonly Lost[]
  readonly first: Lost
}

interface Lost extends Unreached {
  readonly diagnosis: 'upstream-mismatch' | 'socket-stale' | 'wrong-protocol' | 'localhost-two-peers'
}

/** Dead for want of a pool; a pool that only has not loaded the address, or lost its file, is another remediation's. */
function lostOf(facts: HostFacts, site: string): readonly Lost[] {
  const diagnoses = ['upstream-mismatch', 'socket-stale', 'wrong-protocol'] as const
  const halves = peerHealth(facts)
    .filter(({ isLocalhost, live }) => isLocalhost && live.length > 0)
    .flatMap(({ passes, dead }) =>
      dead.map((upstream): Lost => ({ upstream, passes, role: 'risk', diagnosis: 'localhost-two-peers' })),
    )
  return diagnoses
    .flatMap((diagnosis) => unreached(facts, diagnosis).map((each): Lost => ({ ...each, diagnosis })))
    .concat(halves)
    .filter(
      ({ passes, upstream }) => passes.some((pass) => pass.site === site) && !isNamedByRunning(facts, upstream.address),
    )
}

function isNamedByRunning(facts: HostFacts, address: SocketAddress): boolean {
  return facts.fpm.some(({ master, pools }) => master !== null && pools.some((pool) => isMeant(facts, address, pool)))
}

function nginxFollows(at: Alignment, target: SocketAddress): Drafted {
  const { facts, pool, service, lost } = at
  const nginx = findEditableNginx(facts)
  if (!nginx.ok) return nginx.refused
  const config = nginx.value.config.value
  const peers = lost.flatMap(({ passes, upstream }) =>
    passes.flatMap((pass) => pass.peers.filter(({ address, isDown }) => !isDown && address === upstream.address)),
  )
  const directives = peers.map((peer) => directiveOf(config, peer))
  const missing = peers[directives.findIndex((each) => each === null)]
  if (missing)
    return refused(
      `What leads nginx to ${missing.target} at ${missing.path}:${missing.line} is not a plain address that can be replaced.`,
      `Write ${passTarget(target)} there by hand, then \`nginx -t && nginx -s reload\`.`,
    )
  const distinct = new Map(
    directives.flatMap((each) => (each ? [[`${each.path} ${each.span.start}`, each] as const] : [])),
  )
  const changes = [...distinct.values()].map((directive) =>
    changeArguments(config, directive, [passTarget(target), ...directive.args.slice(1)]),
  )
  return {
    ...common(at),
    because: `${story(at)} nginx follows: its reload loses nothing and lets nobody wait.`,
    edits: changes.flatMap(({ edits }) => edits),
    warnings: [
      ...changes.flatMap(({ warnings }) => warnings),
      ...serves(facts, pool, at.site),
      ...otherVersion(at),
      ...unwelcome(service, pool, target),
      ...(lost.length > 1 || at.first.diagnosis !== 'upstream-mismatch'
        ? []
        : [
            `If it is the pool that should go back: \`fleetmend-agent plan align-upstream --input site=${at.site} --input pool=${pool.subject} --input side=fpm\`.`,
          ]),
    ],
    ...nginxParts(nginx.value),
  }
}

/** A changed address is opened by a reload; only sockets whose address stays are kept as they are (`fpm_sockets.c`). */
function fpmFollows(at: Alignment, target: SocketAddress): Drafted {
  const { facts, service, pool, first, lost } = at
  if (!isManaged(service))
    return refused(notManaged(service), 'What a person can do stands in the findings: `fleetmend-agent diagnose`.')
  if (first.diagnosis === 'wrong-protocol' || first.diagnosis === 'localhost-two-peers' || lost.length > 1)
    return refused(
      lost.length > 1
        ? `${at.site} asks at ${lost.length} addresses that are dead, and a pool listens on one.`
        : `${plain(target)} is not where the pool can go: something else answers there, or localhost is two addresses.`,
      'Let nginx follow: side=nginx.',
    )
  if (target.startsWith('tcp:') && first.upstream.isHere !== true)
    return refused(
      `${plain(target)} is no address of this host, so that no pool can listen there.`,
      'Let nginx follow: side=nginx.',
    )
  const asking = serves(facts, pool, at.site)
  if (asking.length > 0) return refused(`${asking.join(' ')} It would lose it.`, 'Let nginx follow: side=nginx.')
  const refusal = refusedForNginx(facts, service)
  if (refusal) return refusal
  const { path, splice } = setPoolDirective(service.config.value, pool.name, 'listen', plain(target))
  return {
    ...common(at),
    because: `${story(at)} The pool goes to where nginx asks.`,
    edits: [{ edit: 'splice', path, splices: [splice] }],
    warnings: ['Whoever else reaches the pool at its old address, beside this nginx, no longer does.'],
    ...reloadParts(facts, service, defaultDeadlineMs, true),
  }
}

function common({ lost }: Alignment): Pick<Draft, 'kind' | 'arithmetic' | 'clears' | 'guards'> {
  return {
    kind: 'draft',
    arithmetic: [],
    clears: lost.map(({ diagnosis, passes }) => ({ diagnosis, subject: siteSubject(passes) })),
    guards: [],
  }
}

function story({ facts, service, pool, first }: Alignment): string {
  const { address } = first.upstream
  const who = sitesInWords(passesTo(facts, address))
  if (first.diagnosis === 'localhost-two-peers')
    return `${who} asks for PHP at localhost, which is two addresses to nginx, and ${pool.subject} listens on ${plain(pool.listen ?? address)} only.`
  return `${who} asks for PHP at ${plain(address)}, and ${pool.subject} listens on ${plain(pool.listen ?? address)}.${changedLast(first.passes, address, listenWritten(service, pool))}`
}

/** The `fastcgi_pass` or `server` in which a peer is written, where it stands there as it is. */
function directiveOf(config: NginxConfig, { path, line, target }: PeerFacts): NginxDirective | null {
  const within = (directives: readonly NginxDirective[]): readonly NginxDirective[] =>
    directives.flatMap((each) => [each, ...within(each.block ?? [])])
  const found = within(config.directives).find(
    (each) =>
      (each.name === 'fastcgi_pass' || each.name === 'server') &&
      each.block === null &&
      each.path === path &&
      each.line === line &&
      each.args[0] === target,
  )
  return found ?? null
}

/** Nobody connects to a wildcard; from this host the loopback is the same. */
function connectable(listen: SocketAddress): SocketAddress {
  return listen.replace(/^tcp:0\.0\.0\.0:/, 'tcp:127.0.0.1:').replace(/^tcp:\[::\]:/, 'tcp:[::1]:') as SocketAddress
}

function serves(facts: HostFacts, pool: PoolFacts, besides: string): readonly string[] {
  const asking = facts.nginx.upstreams.filter(({ address }) => pool.listen !== null && reaches(address, pool.listen))
  const asked = asking.flatMap(({ address }) => passesTo(facts, address).map(({ site }) => site))
  const sites = [...new Set(asked)].filter((site) => site !== besides)
  return sites.length === 0 ? [] : [`${pool.subject} already serves ${sites.slice(0, 4).join(', ')}.`]
}

/** `php7.4-fpm.sock`: what the site was written for. */
function otherVersion({ service, first, site }: Alignment): readonly string[] {
  const was = /php-?(\d+\.\d+)/.exec(first.upstream.address)?.[1]
  if (was === undefined || service.phpVersion === null || was === service.phpVersion) return []
  return [
    `The old address names PHP ${was}, and ${service.service} is PHP ${service.phpVersion}: see that the code of ${site} is fit for it.`,
  ]
}

function unwelcome(service: FpmFacts, pool: PoolFacts, target: SocketAddress): readonly string[] {
  const allowed = allowedClients(service, pool)
  const from = clientAddress(target)
  if (!allowed || from === null || allowed.value.split(',').includes(from)) return []
  return [`${pool.subject} takes requests from ${allowed.value} only; allow-client adds ${from}.`]
}

function sitesOf(facts: HostFacts): readonly string[] {
  return [...new Set(facts.nginx.passes.map(({ site }) => site))]
}
