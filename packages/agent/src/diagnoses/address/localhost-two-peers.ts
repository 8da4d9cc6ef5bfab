/** `localhost` in fastcgi_pass is two servers to nginx, and PHP-FPM listens on one of them. */
import { isSiteName, type Evidence, type Finding, type Role } from '@fleetmend/shared'
import { claimsOf } from '../../judgement/upstream-obstacle.ts'
import { disabledPeers, peerHealth, type GroupHealth } from '../../judgement/peer-groups.ts'
import {
  httpEvidence,
  newestError,
  passEvidence,
  plain,
  requestEvidence,
  siteSubject,
  sitesInWords,
} from '../../judgement/upstream-words.ts'
import type { UpstreamFacts } from '../../survey/address-facts.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'localhost-two-peers'

export const localhostTwoPeers = defineDiagnosis({
  id,
  title: 'localhost is two servers, and PHP-FPM is one of them',
  role: 'risk',
  meaning:
    'nginx resolves localhost to ::1 and 127.0.0.1 and treats them as a group of two. FPM listens on one. Requests to the ' +
    'other fail and go on to the first, which costs errors in the log; but after the shortest outage of FPM both are given ' +
    'up, and nginx answers 502 "no live upstreams" for up to 10 s after FPM is back. A single server is never given up.',
  judge: (facts) => {
    const now = disabledPeers(facts).filter(({ isLocalhost }) => isLocalhost)
    return peerHealth(facts)
      .filter(({ isLocalhost, dead, live }) => isLocalhost && dead.length > 0 && live.length > 0)
      .map((each) => {
        const given = now.find(({ passes }) => passes.some((pass) => each.passes.includes(pass)))
        return judgeGroup(
          facts,
          each,
          given ? 'cause' : 'risk',
          given ? newestError(facts, each.passes, given.errors) : [],
        )
      })
  },
})

function judgeGroup(
  facts: HostFacts,
  { passes, dead, live }: GroupHealth,
  role: Extract<Role, 'cause' | 'risk'>,
  log: readonly Evidence[],
): Finding {
  const [alive] = live
  const [other] = dead
  const on = alive ? plain(alive.address) : ''
  const places = [...new Set(passes.flatMap(({ peers }) => peers.map(({ path, line }) => `${path}:${line}`)))]
  return {
    diagnosis: id,
    role,
    subject: siteSubject(passes),
    says:
      role === 'cause'
        ? `nginx has given up both addresses of localhost for ${sitesInWords(passes)}, although PHP answers on ${on} again.`
        : `localhost is two servers to nginx, and PHP listens on ${on} only: after a short outage ${sitesInWords(passes)} would stay down up to 10 s longer.`,
    evidence: [
      ...log,
      ...(other ? [requestEvidence(other)] : []),
      ...(alive ? passEvidence(passes, alive.address) : []),
      ...httpEvidence(facts, passes),
    ],
    remediations: toOne(facts, passes, alive),
    withoutRemediation: `Write \`${on}\` in place of localhost at ${places.slice(0, 3).join(', ')}, then \`nginx -t && nginx -s reload\`; that also ends a wait.`,
  }
}

/** The site asks the pool's own address in place of the name. */
function toOne(
  facts: HostFacts,
  [pass]: GroupHealth['passes'],
  alive: UpstreamFacts | undefined,
): Finding['remediations'] {
  const claim = alive && claimsOf(facts, alive.address).find(({ pool }) => pool.listen === alive.address)
  return pass && claim && isSiteName(pass.site)
    ? [{ id: 'align-upstream', input: { site: pass.site, pool: claim.pool.subject } }]
    : []
}
