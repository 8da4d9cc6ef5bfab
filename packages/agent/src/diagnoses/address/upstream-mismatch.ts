/** nginx and PHP-FPM name different addresses. */
import type { Evidence, Finding, SuggestedRemediation } from '@fleetmend/shared'
import { reloadSteps } from '../../judgement/by-hand.ts'
import { alignment, changedLast, idleListeners, type IdleListener } from '../../judgement/idle-listeners.ts'
import { instantOf } from '../../judgement/instant.ts'
import { loggedElsewhere } from '../../judgement/stale-nginx.ts'
import { claimsOf, unreached, type Claim, type Unreached } from '../../judgement/upstream-obstacle.ts'
import {
  asEvidence,
  httpEvidence,
  listenWritten,
  newestError,
  passEvidence,
  passTarget,
  plain,
  said,
  siteSubject,
  sitesInWords,
  upstreamEvidence,
  writtenOf,
} from '../../judgement/upstream-words.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import type { SocketAddress } from '../../host/host.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'upstream-mismatch'

export const upstreamMismatch = defineDiagnosis({
  id,
  title: 'nginx and PHP-FPM name different addresses',
  role: 'cause',
  meaning:
    'nginx asks for PHP where no PHP-FPM listens: after a move of `listen`, a PHP upgrade that renamed the socket, or an ' +
    'edit that one side has not loaded. nginx answers 502 with "(2: No such file or directory)" or "(111: Connection ' +
    'refused)" while FPM is healthy. One side has to follow the other; mending nginx disturbs less.',
  judge: (facts) => [
    ...unreached(facts, id).map((each) => judgeAddress(facts, each)),
    ...loggedElsewhere(facts).map(({ pass, errors, loadedAtMs, changedMs }): Finding => ({
      diagnosis: id,
      role: 'cause',
      subject: siteSubject([pass]),
      says:
        `${pass.site} is served with what nginx loaded at ${instantOf(loadedAtMs)}; since then its configuration was ` +
        'changed to another address, where PHP answers.',
      evidence: [
        ...newestError(facts, [pass], errors),
        { source: `${pass.path}:${pass.line}`, says: `fastcgi_pass ${pass.target}`, at: instantOf(changedMs) },
        ...httpEvidence(facts, [pass]),
      ],
      remediations: [{ id: 'reload-nginx', input: {} }],
      withoutRemediation: 'Let nginx load it; that loses nothing: `nginx -t && nginx -s reload`.',
    })),
  ],
})

function judgeAddress(facts: HostFacts, at: Unreached): Finding {
  const { upstream, passes, role } = at
  const base = { diagnosis: id, role, subject: siteSubject(passes) } as const
  const evidence = [...upstreamEvidence(facts, at), ...passEvidence(passes, upstream.address)]
  const hidden = facts.fpm.find(({ service }) => upstream.way?.seenBy.includes(service))
  const tell = (told: Told): Finding => ({ ...base, ...told, says: said(facts, at, told.says) })
  if (hidden) return tell(privateView(facts, hidden, at, evidence))
  const waiting = claimsOf(facts, upstream.address).find(({ service }) => service.master !== null)
  if (waiting) return tell(notLoaded(waiting, at, evidence))
  return tell(elsewhere(facts, at, evidence))
}

type Told = Pick<Finding, 'says' | 'evidence' | 'remediations' | 'withoutRemediation'>

/** PrivateTmp and the like, on either side: the same name, another file. */
function privateView(facts: HostFacts, hidden: FpmFacts, at: Unreached, evidence: readonly Evidence[]): Told {
  const path = plain(at.upstream.address)
  const { service, unit } = hidden
  const isNginx = !unit?.privateTmp && facts.nginx.unit?.privateTmp === true
  const who = isNginx ? 'nginx' : service
  const why = unit?.privateTmp || isNginx ? 'PrivateTmp=yes' : 'a mount namespace of its own'
  return {
    says: `${sitesInWords(at.passes)} and ${service} both name ${path}, but ${who} has its own view of that folder (${why}), so that nginx does not see the socket.`,
    evidence: [...evidence, { source: `systemctl show ${who}`, says: why }],
    remediations: [],
    withoutRemediation:
      `Move the socket to a folder that both see: \`listen = /run/php/NAME.sock\` in the pool, then ` +
      `${reloadSteps(hidden)}; and the same path in nginx's fastcgi_pass, then \`nginx -t && nginx -s reload\`.`,
  }
}

/** FPM's files name the address, the running master does not know it. */
function notLoaded({ service, pool }: Claim, { upstream, passes }: Unreached, evidence: readonly Evidence[]): Told {
  const named = new Set(service.pools.filter((each) => each !== pool).map(({ listen }) => listen))
  const now = service.listensOn.filter((address) => !named.has(address)).map((address) => plain(address))
  const written = listenWritten(service, pool)
  const canLoad = service.configTest.ok && service.configTest.value.passes
  const reload: SuggestedRemediation = { id: 'reload-fpm', input: { service: service.service } }
  return {
    says:
      `${sitesInWords(passes)} asks for PHP at ${plain(upstream.address)}; the file of ${pool.subject} says so too, but ` +
      `${service.service} has not loaded it and still listens on ${now.join(' and ') || 'something else'}.`,
    evidence: [...evidence, ...(written ? [asEvidence(written)] : []), listenersEvidence(service)],
    remediations: canLoad ? [reload] : [],
    ...(canLoad
      ? {}
      : { withoutRemediation: `${service.service} would not survive a reload with what is on disk; mend that first.` }),
  }
}

function elsewhere(facts: HostFacts, { upstream, passes }: Unreached, evidence: readonly Evidence[]): Told {
  const { address } = upstream
  const who = sitesInWords(passes)
  const idle = idleListeners(facts)
  const [only] = idle
  const asks = `${who} asks for PHP at ${plain(address)}${linkOf(passes, address)}`
  if (idle.length === 1 && only) {
    const written = only.written
    return {
      says: `${asks}, but ${only.name} listens on ${plain(only.address)}.${changedLast(passes, address, written)}`,
      evidence: [
        ...evidence,
        ...(written ? [asEvidence(written)] : []),
        listenersEvidence(only.service, only.isLoaded ? '' : '; its file says otherwise and is not loaded'),
      ],
      remediations: alignment(facts, passes),
      withoutRemediation: steps(passes, address, only),
    }
  }
  const down = facts.fpm.filter(({ master }) => master === null).map(({ service }) => service)
  const others =
    idle.length > 1
      ? ` Not asked by any site: ${idle
          .slice(0, 4)
          .map(({ name, address: on }) => `${plain(on)} of ${name}`)
          .join(', ')}.`
      : down.length > 0
        ? ` ${down.join(', ')} ${down.length === 1 ? 'is' : 'are'} down.`
        : ''
  return {
    says: `${asks}, and no PHP-FPM of this host listens there.${others}`,
    evidence: [...evidence, ...idle.slice(0, 4).map(({ service }) => listenersEvidence(service))],
    remediations: [],
    withoutRemediation:
      `Decide which pool is to serve ${who}, put its address at ${placesOf(passes, address)}, then ` +
      '`nginx -t && nginx -s reload`; that loses nothing.',
  }
}

/** nginx's side may name a link, such as Debian's `/run/php/php-fpm.sock`. */
function linkOf(passes: Unreached['passes'], address: SocketAddress): string {
  const links = passes.flatMap(({ peers }) =>
    peers.filter((peer) => peer.address === address && peer.logged !== address),
  )
  const [link] = links
  return link ? ` (where ${plain(link.logged)} leads)` : ''
}

function steps(
  passes: Unreached['passes'],
  address: SocketAddress,
  { service, address: on, written }: IdleListener,
): string {
  const there = written === null ? `the pool of ${service.service}` : written.at
  return (
    `Name one address on both sides. Either \`${passTarget(on)}\` at ${placesOf(passes, address)}, then ` +
    `\`nginx -t && nginx -s reload\` (loses nothing); or \`listen = ${plain(address)}\` at ${there}, then ` +
    `${reloadSteps(service)}.`
  )
}

function placesOf(passes: Unreached['passes'], address: SocketAddress): string {
  const places = writtenOf(passes, address).map(({ at }) => at)
  return places.length > 3 ? `${places.slice(0, 3).join(', ')} and ${places.length - 3} more places` : places.join(', ')
}

function listenersEvidence({ service, listensOn, master }: FpmFacts, remark = ''): Evidence {
  const where = listensOn.map((address) => plain(address)).join(', ') || 'nothing'
  return {
    source: `ss -lxnp and -ltnp, ${service} (pid ${master?.pid ?? 'none'})`,
    says: `listens on ${where}${remark}`,
  }
}
