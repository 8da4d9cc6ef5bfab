/** Somebody listens on the port, and the kernel lets nginx not through to it. */
import type { Finding } from '@fleetmend/shared'
import { unreached, type Unreached } from '../../judgement/upstream-obstacle.ts'
import { addressSubject, plain, said, sitesInWords, upstreamEvidence } from '../../judgement/upstream-words.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'port-blocked'

export const portBlocked = defineDiagnosis({
  id,
  title: 'Something blocks the port that PHP-FPM listens on',
  role: 'cause',
  meaning:
    'A firewall, a routing rule or a security module stands between nginx and a port of the same host on which PHP-FPM ' +
    'does listen. Rejected: 502 with "(111: Connection refused)", "(113: No route to host)" or "(13: Permission denied)" on a ' +
    'TCP address. Dropped: 504 "upstream timed out" while connecting. Restarting FPM or nginx changes nothing.',
  judge: (facts) => unreached(facts, id).map((at) => judgeAddress(facts, at)),
})

function judgeAddress(facts: HostFacts, at: Unreached): Finding {
  const { address, reply, holders } = at.upstream
  const [holder] = holders ?? []
  const errno = reply.kind === 'cannot-connect' ? reply.errno : ''
  const how = errno === 'ETIMEDOUT' ? 'nothing gets through (packets are dropped)' : `the kernel refuses (${errno})`
  const [host = '', port = ''] = splitHost(plain(address))
  return {
    diagnosis: id,
    role: at.role,
    subject: addressSubject(facts, address, at.passes),
    says: said(
      facts,
      at,
      `${holder?.comm ?? 'PHP-FPM'} listens on ${plain(address)}, but when nginx connects there for ${sitesInWords(at.passes)}, ${how}.`,
    ),
    evidence: [
      {
        source: 'ss -ltnp',
        says: `${holder?.comm ?? ''} (pid ${holder?.pid ?? 0}) listens on ${plain(holder?.address ?? address)}`,
      },
      ...upstreamEvidence(facts, at),
    ],
    remediations: [],
    withoutRemediation:
      `Look for what blocks it: \`nft list ruleset\` or \`iptables-save\` (port ${port}), \`ip rule\`, \`ip route get ${host}\`, and ` +
      'the audit log where SELinux or AppArmor is enforced. A unix socket for PHP-FPM avoids all of these.',
  }
}

function splitHost(hostAndPort: string): readonly string[] {
  const colon = hostAndPort.lastIndexOf(':')
  return [hostAndPort.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), hostAndPort.slice(colon + 1)]
}
