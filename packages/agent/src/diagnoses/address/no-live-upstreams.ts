/** An upstream group has lost its servers: all are given up for the moment, or some of them for good. */
import type { Finding } from '@fleetmend/shared'
import { disabledPeers, peerHealth } from '../../judgement/peer-groups.ts'
import {
  httpEvidence,
  newestError,
  plain,
  requestEvidence,
  siteSubject,
  sitesInWords,
} from '../../judgement/upstream-words.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'no-live-upstreams'

export const noLiveUpstreams = defineDiagnosis({
  id,
  title: 'An upstream group has no server left, or one too few',
  role: 'cause',
  meaning:
    'nginx leaves a server of an upstream group alone for fail_timeout (10 s) after max_fails (1) failures, each of its ' +
    'workers by its own count. When all are left alone it answers 502 with "no live upstreams" at once, also after PHP ' +
    'is back. While one of several answers, visitors notice nothing, and the group has nothing to fall back on.',
  judge: (facts) => [...judgeEmpty(facts), ...judgeDisabled(facts), ...judgeWeakened(facts)],
})

/** Every server is marked `down`. */
function judgeEmpty(facts: HostFacts): readonly Finding[] {
  const empty = facts.nginx.passes.filter(
    ({ group, peers }) => group !== null && peers.length > 0 && peers.every(({ isDown }) => isDown),
  )
  return [...Map.groupBy(empty, ({ group }) => group)].map(([group, passes]) => ({
    diagnosis: id,
    role: 'cause',
    subject: siteSubject(passes),
    says: `Every server of the upstream group ${group} is marked down, so ${sitesInWords(passes)} has none to ask.`,
    evidence: [
      ...(passes[0]?.peers ?? [])
        .slice(0, 4)
        .map(({ path, line, target }) => ({ source: `${path}:${line}`, says: `server ${target} … down` })),
      ...httpEvidence(facts, passes),
    ],
    remediations: [],
    withoutRemediation: `Take \`down\` off the servers that are to serve, then \`nginx -t && nginx -s reload\`.`,
  }))
}

function judgeDisabled(facts: HostFacts): readonly Finding[] {
  return disabledPeers(facts)
    .filter(({ isLocalhost }) => !isLocalhost)
    .map(({ passes, errors, failTimeoutS }) => ({
      diagnosis: id,
      role: 'cause',
      subject: siteSubject(passes),
      says: `nginx has given up every server of ${passes[0]?.group ?? ''} for ${failTimeoutS} s, so ${sitesInWords(passes)} fails although PHP answers again.`,
      evidence: [
        ...newestError(facts, passes, errors),
        ...facts.nginx.upstreams
          .filter(({ address }) => passes.some(({ peers }) => peers.some((peer) => peer.address === address)))
          .slice(0, 3)
          .map((upstream) => requestEvidence(upstream)),
        ...httpEvidence(facts, passes),
      ],
      remediations: [{ id: 'reload-nginx', input: {} }],
      withoutRemediation:
        `It ends by itself within ${failTimeoutS} s of the last failure; \`nginx -s reload\` ends it at once and loses nothing. ` +
        '`max_fails=0` keeps nginx from giving up servers on this same host.',
    }))
}

/** Some answer: nobody notices, until they do not either. */
function judgeWeakened(facts: HostFacts): readonly Finding[] {
  return peerHealth(facts)
    .filter(({ isLocalhost, dead, live }) => !isLocalhost && dead.length > 0 && live.length > 0)
    .map(({ group, passes, dead, live }) => ({
      diagnosis: id,
      role: 'risk',
      subject: siteSubject(passes),
      says: `${dead.length} of ${dead.length + live.length} servers of the upstream group ${group} cannot be reached: ${dead.map((each) => plain(each.address)).join(', ')}.`,
      evidence: dead.slice(0, 4).map((upstream) => requestEvidence(upstream)),
      remediations: [],
      withoutRemediation: 'Bring that server back, or take it out of the group; then `nginx -t && nginx -s reload`.',
    }))
}
