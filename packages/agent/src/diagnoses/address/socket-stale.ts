/** Something stands at the socket's path, and nobody listens behind it. */
import type { Finding } from '@fleetmend/shared'
import { restartSteps } from '../../judgement/by-hand.ts'
import { alignment } from '../../judgement/idle-listeners.ts'
import { claimsOf, listens, unreached, type Unreached } from '../../judgement/upstream-obstacle.ts'
import {
  passEvidence,
  plain,
  poolSubject,
  siteSubject,
  said,
  sitesInWords,
  upstreamEvidence,
  writtenOf,
} from '../../judgement/upstream-words.ts'
import type { StepFacts } from '../../survey/address-facts.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'socket-stale'

export const socketStale = defineDiagnosis({
  id,
  title: 'Nobody listens behind the file that nginx connects to',
  role: 'cause',
  meaning:
    'There is a file where nginx looks for PHP, but it is no live socket: a leftover of a removed PHP version or of a crash, ' +
    'or a plain file that something put there over the real one. nginx answers 502 with "(111: Connection refused)". While ' +
    'the service itself is down that is the cause, and the file harmless: a start replaces it.',
  judge: (facts) => unreached(facts, id).map((at) => judgeAddress(facts, at)),
})

function judgeAddress(facts: HostFacts, at: Unreached): Finding {
  const { upstream, passes, role } = at
  const path = plain(upstream.address)
  const file = upstream.way?.steps.at(-1)
  const is = file ? kinds[file.kind] : 'a file'
  const stat = file ? [{ source: `stat ${file.path}`, says: `${is}, ${ownership(file)}` }] : []
  const evidence = [...stat, ...upstreamEvidence(facts, at)]
  const service =
    facts.fpm.find((each) => listens(each, upstream.address)) ??
    claimsOf(facts, upstream.address).find((claim) => claim.service.master !== null)?.service
  if (!service)
    return { ...leftover(facts, at, is), evidence: [...evidence, ...passEvidence(passes, upstream.address)] }
  const pool = service.pools.find(({ listen }) => listen === upstream.address)
  const isOverlaid = listens(service, upstream.address)
  return {
    diagnosis: id,
    role,
    subject: poolSubject(pool?.subject ?? service.service),
    says: said(
      facts,
      at,
      isOverlaid
        ? `${path} is ${is} that is not the one ${service.service} listens on, so ${sitesInWords(passes)} cannot reach it.`
        : `${path} is ${is} behind which nobody listens: ${service.service} runs, but has not opened it.`,
    ),
    evidence: [listenersOf(service), ...evidence],
    remediations: mends(service, pool, isOverlaid, file),
    withoutRemediation: [
      `FPM replaces the file when it starts: ${restartSteps(service)}.`,
      ...(isOverlaid ? [`Find out what wrote ${path}.`] : []),
    ].join(' '),
  }
}

/** What it listens on is replaced by a start alone; what it has not opened yet, a reload opens. */
function mends(
  { service, configTest }: FpmFacts,
  pool: PoolFacts | undefined,
  isOverlaid: boolean,
  file: StepFacts | undefined,
): Finding['remediations'] {
  if (file?.kind === 'directory') return []
  if (isOverlaid) return pool ? [{ id: 'recreate-socket', input: { pool: pool.subject } }] : []
  return configTest.ok && configTest.value.passes ? [{ id: 'reload-fpm', input: { service } }] : []
}

function leftover(facts: HostFacts, at: Unreached, is: string): Omit<Finding, 'evidence'> {
  const { upstream, passes, role } = at
  const path = plain(upstream.address)
  const live = facts.fpm.flatMap(({ service, listensOn }) => listensOn.map((on) => `${plain(on)} (${service})`))
  const where = writtenOf(passes, upstream.address).map(({ at }) => at)
  return {
    diagnosis: id,
    role,
    subject: siteSubject(passes),
    says: said(
      facts,
      at,
      `${sitesInWords(passes)} asks for PHP at ${path}, which is ${is} left over: no PHP-FPM of this host is set to listen there.`,
    ),
    remediations: alignment(facts, passes),
    withoutRemediation:
      `Point ${where.slice(0, 3).join(', ')} to an address that is alive${live.length > 0 ? `: ${live.slice(0, 4).join(', ')}` : ''}; ` +
      'then `nginx -t && nginx -s reload`. The file may be deleted afterwards.',
  }
}

const kinds: Readonly<Record<StepFacts['kind'], string>> = {
  file: 'a plain file',
  directory: 'a directory',
  link: 'a link',
  socket: 'a socket',
  other: 'no socket',
}

function ownership({ owner, group, mode }: StepFacts): string {
  return `${owner}:${group} ${mode.toString(8).padStart(4, '0')}`
}

function listenersOf({ service, listensOn, master }: FpmFacts): Finding['evidence'][number] {
  const where = listensOn.map((address) => plain(address)).join(', ') || 'nothing'
  return { source: `ss -lxnp, ${service} (pid ${master?.pid ?? 0})`, says: `listens on ${where}` }
}
