/** What listens where nginx speaks FastCGI does not speak it. */
import type { Finding } from '@fleetmend/shared'
import { alignment } from '../../judgement/idle-listeners.ts'
import { protocolVersion, unreached, type Unreached } from '../../judgement/upstream-obstacle.ts'
import {
  passEvidence,
  plain,
  siteSubject,
  said,
  sitesInWords,
  upstreamEvidence,
  writtenOf,
} from '../../judgement/upstream-words.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'wrong-protocol'

export const wrongProtocol = defineDiagnosis({
  id,
  title: 'nginx speaks FastCGI to something that does not',
  role: 'cause',
  meaning:
    'fastcgi_pass leads to a server of another protocol, mostly HTTP: a wrong port, or a service that took the port. nginx ' +
    'answers 502 with "upstream sent unsupported FastCGI protocol version: 72"; 72 is the H of "HTTP/1.1".',
  judge: (facts) => unreached(facts, id).map((at) => judgeAddress(facts, at)),
})

function judgeAddress(facts: HostFacts, at: Unreached): Finding {
  const { upstream, passes } = at
  const version = protocolVersion(upstream) ?? 0
  const protocol = protocols.get(version)
  const [holder] = upstream.holders ?? []
  const who = holder ? holder.comm : 'what listens there'
  const speaks = protocol ? `speaks ${protocol}` : 'does not speak FastCGI'
  const others = facts.fpm.flatMap(({ listensOn }) => listensOn.map((on) => plain(on)))
  const places = writtenOf(passes, upstream.address).map(({ at: place }) => place)
  return {
    diagnosis: id,
    role: at.role,
    subject: siteSubject(passes),
    says: said(
      facts,
      at,
      `${sitesInWords(passes)} sends FastCGI to ${plain(upstream.address)}, where ${who} ${speaks}.`,
    ),
    evidence: [
      ...upstreamEvidence(facts, at),
      ...(holder ? [{ source: 'ss -ltnp and -lxnp', says: `${holder.comm} (pid ${holder.pid}) listens there` }] : []),
      ...passEvidence(passes, upstream.address),
    ],
    remediations: alignment(facts, passes),
    withoutRemediation:
      `At ${places.slice(0, 3).join(', ')} name where PHP-FPM listens${others.length > 0 ? ` (here: ${others.slice(0, 4).join(', ')})` : ''}` +
      `${protocol === 'HTTP' ? ', or use proxy_pass if an HTTP server is what is meant' : ''}; then ` +
      '`nginx -t && nginx -s reload`.',
  }
}

/** By the first byte of what they answer or greet with. */
const protocols: ReadonlyMap<number, string> = new Map([
  [72, 'HTTP'],
  [83, 'SSH'],
  [21, 'TLS'],
  [50, 'SMTP or FTP'],
  [45, 'the protocol of Redis'],
])
