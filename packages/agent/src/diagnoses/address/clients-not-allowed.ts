/** PHP-FPM hangs up, because nginx's address is not among those it allows. */
import type { Finding } from '@fleetmend/shared'
import { reloadSteps } from '../../judgement/by-hand.ts'
import {
  allowedClients,
  clientAddress,
  refusingPool,
  unreached,
  type Unreached,
} from '../../judgement/upstream-obstacle.ts'
import { poolSubject, said, sitesInWords, upstreamEvidence } from '../../judgement/upstream-words.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'clients-not-allowed'

export const clientsNotAllowed = defineDiagnosis({
  id,
  title: 'PHP-FPM does not accept connections from nginx',
  role: 'cause',
  meaning:
    'listen.allowed_clients lists the addresses a pool on TCP takes requests from. A connection from elsewhere is accepted ' +
    'and closed at once: 502 with "(104: Connection reset by peer)" or "upstream prematurely closed connection", and ' +
    'nothing in the FPM log. FPM compares whole entries: a blank after a comma makes one that matches nobody.',
  judge: (facts) => unreached(facts, id).flatMap((at) => judgeAddress(facts, at)),
})

function judgeAddress(facts: HostFacts, at: Unreached): readonly Finding[] {
  const claim = refusingPool(facts, at.upstream)
  const allowed = claim && allowedClients(claim.service, claim.pool)
  const from = clientAddress(at.upstream.address)
  if (!claim || !allowed || from === null) return []
  const { service, pool } = claim
  return [
    {
      diagnosis: id,
      role: at.role,
      subject: poolSubject(pool.subject),
      says: said(
        facts,
        at,
        `${pool.subject} hangs up on nginx: it allows clients from ${allowed.value}, and ${sitesInWords(at.passes)} is asked for from ${from}.`,
      ),
      evidence: [
        { source: `${allowed.path}:${allowed.line}`, says: `listen.allowed_clients = ${allowed.value}` },
        ...upstreamEvidence(facts, at),
      ],
      remediations: [{ id: 'allow-client', input: { pool: pool.subject } }],
      withoutRemediation:
        `Set \`listen.allowed_clients = ${[...validEntries(allowed.value), from].join(',')}\` at ${allowed.path}:${allowed.line}, without blanks, ` +
        `or take the line away if only this host can reach the port; then ${reloadSteps(service)}.`,
    },
  ]
}

function validEntries(list: string): readonly string[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}
