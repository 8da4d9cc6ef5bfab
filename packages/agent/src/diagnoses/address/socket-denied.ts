/** nginx's worker may not connect to the socket, or not enter a folder on the way to it. */
import type { Finding } from '@fleetmend/shared'
import { deniedAfterRestart, type NextSocket } from '../../judgement/next-socket.ts'
import { restartSteps } from '../../judgement/by-hand.ts'
import { mendAccess } from '../../judgement/socket-access.ts'
import {
  claimsOf,
  deniedAt,
  helpsByNewGroup,
  unreached,
  type Denial,
  type Unreached,
} from '../../judgement/upstream-obstacle.ts'
import {
  addressSubject,
  listenWritten,
  plain,
  poolSubject,
  said,
  sitesInWords,
  upstreamEvidence,
} from '../../judgement/upstream-words.ts'
import type { StepFacts, WorkerAccount } from '../../survey/address-facts.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'socket-denied'

export const socketDenied = defineDiagnosis({
  id,
  title: 'nginx may not connect to the socket',
  role: 'cause',
  meaning:
    "nginx's workers need write permission on the socket and search permission on every folder above it, by owner, group, " +
    'others or an access control list. Without it: 502 with "(13: Permission denied)". FPM gives the socket its owner ' +
    '(root unless listen.owner says otherwise) and mode only when it starts, so that an edit shows at the next restart, ' +
    'not at a reload.',
  judge: (facts) => [
    ...unreached(facts, id).flatMap((at) => judgeAddress(facts, at)),
    ...deniedAfterRestart(facts).map((next) => judgeNext(facts, next)),
  ],
})

function judgeAddress(facts: HostFacts, at: Unreached): readonly Finding[] {
  const { way, address } = at.upstream
  const { worker } = facts.nginx
  const denial = way && deniedAt(way, worker)
  if (!denial || !worker) return []
  const { step, why } = denial
  const [claim] = claimsOf(facts, address)
  const what = step.kind === 'directory' ? 'enter' : 'connect to'
  return [
    {
      diagnosis: id,
      role: at.role,
      subject: addressSubject(facts, address, at.passes),
      says: said(
        facts,
        at,
        `nginx (${worker.user}) may not ${what} ${step.path}, which is ${ownership(step)}: ${why}. So ${sitesInWords(at.passes)} cannot reach PHP.`,
      ),
      evidence: [
        { source: `stat ${step.path}`, says: [ownership(step), ...step.acl.map(({ text }) => text)].join(', ') },
        { source: "/proc/PID/status of nginx's worker", says: accountInWords(worker) },
        ...upstreamEvidence(facts, at),
        ...(claim && step.kind !== 'directory' ? configEvidence(claim) : []),
      ],
      remediations: claim ? suggested(facts, claim) : [],
      withoutRemediation: stepsFor(denial, worker, at, claim),
    },
  ]
}

/** It works, and would not after a restart: an edit that is not in force yet, or a mode that was changed by hand. */
function judgeNext(facts: HostFacts, { upstream, claim, socket }: NextSocket): Finding {
  const { service, pool } = claim
  const user = facts.nginx.worker?.user ?? ''
  return {
    diagnosis: id,
    role: 'risk',
    subject: poolSubject(pool.subject),
    says: `After the next restart of ${service.service}, nginx (${user}) could not connect to ${plain(upstream.address)}: it would be ${socket}.`,
    evidence: [
      ...configEvidence(claim),
      { source: "/proc/PID/status of nginx's worker", says: accountInWords(facts.nginx.worker) },
    ],
    remediations: suggested(facts, claim),
    withoutRemediation:
      `Put \`listen.owner = ${user}\` and \`listen.group = ${user}\` into the pool ${pool.name} before anything restarts ${service.service}; ` +
      'a reload keeps the socket as it is.',
  }
}

function suggested(facts: HostFacts, claim: NonNullable<Claim>): Finding['remediations'] {
  const mending = mendAccess(facts, claim)
  if (mending?.is === 'new-group') return [{ id: 'reload-nginx', input: {} }]
  const isOurs = mending?.is === 'settings' || mending?.is === 'folders'
  return isOurs ? [{ id: 'fix-socket-access', input: { pool: claim.pool.subject } }] : []
}

function stepsFor({ step }: Denial, worker: WorkerAccount, at: Unreached, claim: Claim): string {
  if (helpsByNewGroup(step, worker))
    return `${worker.user} is in the group ${step.group} since nginx's workers started; they learn of it by \`nginx -s reload\`, which loses nothing.`
  if (step.kind === 'directory')
    return (
      `Let ${worker.user} pass: \`chmod o+x ${step.path}\`, or an ACL (\`setfacl -m u:${worker.user}:x ${step.path}\`). Nothing has to be ` +
      'restarted. Folders under /run are made anew at boot: `grep -rs ' +
      `${step.path} /etc/tmpfiles.d /usr/lib/tmpfiles.d\` shows as what.`
    )
  if (!claim) return `Give ${worker.user} write permission on ${plain(at.upstream.address)}.`
  const group = `listen.owner = ${worker.user}, listen.group = ${worker.user} and listen.mode = 0660`
  return (
    `See that the pool ${claim.pool.name} says ${group}, and no listen.acl_users or listen.acl_groups without ${worker.user}; then ` +
    `${restartSteps(claim.service)}. Until then \`chown ${worker.user} ${step.path}\` lets requests through at once.`
  )
}

type Claim = ReturnType<typeof claimsOf>[number] | undefined

function configEvidence({ service, pool }: NonNullable<Claim>): Finding['evidence'] {
  if (!service.config.ok) return []
  const configured = service.config.value.pools.find(({ name }) => name === pool.name)
  const names = ['listen.owner', 'listen.group', 'listen.mode', 'listen.acl_users', 'listen.acl_groups']
  const set = names.flatMap((name) => configured?.directives.get(name) ?? [])
  const written = listenWritten(service, pool)
  if (set.length === 0)
    return written ? [{ source: written.at, says: 'neither listen.owner nor listen.group nor listen.mode is set' }] : []
  return set.map(({ path, line, name, value }) => ({ source: `${path}:${line}`, says: `${name} = ${value}` }))
}

function ownership({ owner, group, mode }: StepFacts): string {
  return `${owner}:${group} ${mode.toString(8).padStart(4, '0')}`
}

function accountInWords(worker: WorkerAccount | null): string {
  if (!worker) return 'not known'
  const { user, uid, gid, groups } = worker
  return `${user}, uid ${uid}, gid ${gid}, groups ${groups.join(' ') || 'none'}`
}
