/** The server behind a `proxy_pass` does not answer in time. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { backendErrors, backendsOf, distinctPasses } from '../../judgement/backend-failures.ts'
import { enoughToBlame, mostAskedFor, newestEvidence, times } from '../../judgement/recent-failures.ts'
import type { HostFacts, ProxiedSiteFacts, ProxyPassFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const proxyUpstreamTimeout = defineDiagnosis({
  id: 'proxy-upstream-timeout',
  title: 'The server behind proxy_pass does not answer in time',
  role: 'cause',
  meaning:
    'nginx hands these requests to another server over HTTP, which takes the connection and then says nothing for ' +
    'proxy_read_timeout, or whose host drops what is sent to it: visitors get 504. That server is stuck, out of ' +
    'workers of its own, or waits for something itself; a longer timeout in nginx only makes visitors wait longer.',
  judge: (facts) =>
    facts.nginx.proxied.flatMap((site) => distinctPasses(site.passes).flatMap((pass) => judgePass(facts, site, pass))),
})

const delays = ['timed-out-reading-header', 'timed-out-sending', 'timed-out-connecting'] as const

function judgePass(facts: HostFacts, site: ProxiedSiteFacts, pass: ProxyPassFacts): readonly Finding[] {
  const errors = backendErrors(facts, pass, delays)
  if (errors.length === 0) return []
  const page = mostAskedFor(errors)
  const failed = site.probes.find(({ passed }) => !passed)
  const evidence: Evidence[] = [
    newestEvidence(
      'nginx error log',
      `${times(errors.length, 'request')} to ${backendsOf(pass)} timed out (110)${page === null ? '' : `, mostly ${page}`}`,
      errors,
    ),
    {
      source: pass.readTimeout.at ?? pass.at,
      says: `proxy_pass ${pass.target}, proxy_read_timeout ${pass.readTimeout.text}`,
    },
    ...queueEvidence(pass),
    ...(failed ? [{ source: `request to ${site.serverName} through nginx`, says: failed.says }] : []),
  ]
  return [
    {
      diagnosis: 'proxy-upstream-timeout',
      role: errors.length >= enoughToBlame ? 'cause' : 'note',
      subject: { kind: 'site', name: site.serverName },
      says: `The server that ${site.serverName} hands requests to, ${backendsOf(pass)}, did not answer ${times(errors.length, 'request')} of the last minutes in time.`,
      evidence,
      remediations: [],
      withoutRemediation:
        `See who listens on ${backendsOf(pass)} (\`ss -lxtnp\` names the process), what its log says ` +
        '(`journalctl -n 100 --no-pager _PID=` and that number), what it waits for and whether it has workers left. A ' +
        `restart of it alone is no answer; where the work is meant to take so long, raise proxy_read_timeout at ${pass.readTimeout.at ?? pass.at}, then \`nginx -t && systemctl reload nginx\`.`,
    },
  ]
}

/** Connections that nobody accepts: the server is stuck, not only slow. */
function queueEvidence({ backends }: ProxyPassFacts): readonly Evidence[] {
  return backends
    .filter(({ waiting }) => waiting.length > 0 && Math.min(...waiting) > 0)
    .map(({ address, waiting }) => ({
      source: `ss -lxn and -ltn, ${address}`,
      says: `connections that wait to be accepted, in ${waiting.length} looks: ${waiting.join(', ')}`,
    }))
}
