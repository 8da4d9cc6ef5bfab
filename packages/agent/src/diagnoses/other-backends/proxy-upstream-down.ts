/** The server behind a `proxy_pass` takes no connections. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { backendErrors, backendsOf, distinctPasses } from '../../judgement/backend-failures.ts'
import { newestEvidence, times } from '../../judgement/recent-failures.ts'
import { localTimeMs } from '../../readings/log-time.ts'
import type { HostFacts, ProxiedSiteFacts, ProxyPassFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const proxyUpstreamDown = defineDiagnosis({
  id: 'proxy-upstream-down',
  title: 'The server behind proxy_pass is down',
  role: 'cause',
  meaning:
    'nginx hands these requests to another server over HTTP (gunicorn, node, Tomcat …), and nothing takes the connection ' +
    'there: visitors get 502 "(111: Connection refused)", or "(2: No such file or directory)" for a unix socket. nginx ' +
    'and PHP have nothing to do with it; that server has to be started, or proxy_pass has to lead to where it listens.',
  judge: (facts) =>
    facts.nginx.proxied.flatMap((site) => distinctPasses(site.passes).flatMap((pass) => judgePass(facts, site, pass))),
})

const refusals = ['connect-refused', 'connect-missing', 'connect-denied', 'connect-other'] as const

function judgePass(facts: HostFacts, site: ProxiedSiteFacts, pass: ProxyPassFacts): readonly Finding[] {
  const errors = backendErrors(facts, pass, refusals)
  if (errors.length === 0 || pass.backends.some(({ listening }) => listening === true)) return []
  // A backend on another host may be back already: only a request that has just failed says that it is not.
  const isKnownDown = pass.backends.every(({ listening }) => listening === false)
  const failed = site.probes.find(({ passed }) => !passed)
  const now = errors.filter(({ localTime }) => localTimeMs(localTime) >= facts.takenAtMs - 1000)
  const isDown = isKnownDown || (failed !== undefined && now.length > 0)
  const evidence: Evidence[] = [
    newestEvidence(
      'nginx error log',
      `${times(errors.length, 'request')} of the last minutes could not connect to ${backendsOf(pass)}`,
      errors,
    ),
    { source: pass.at, says: `proxy_pass ${pass.target}` },
    ...(isKnownDown ? [{ source: 'ss -lxn and -ltn', says: `nothing listens on ${backendsOf(pass)}` }] : []),
    ...(failed ? [{ source: `request to ${site.serverName} through nginx`, says: failed.says }] : []),
  ]
  return [
    {
      diagnosis: 'proxy-upstream-down',
      role: isDown ? 'cause' : 'note',
      subject: { kind: 'site', name: site.serverName },
      says: isDown
        ? `The server that ${site.serverName} hands requests to, ${backendsOf(pass)}, takes no connections.`
        : `${backendsOf(pass)}, to which ${site.serverName} hands requests, took no connections in the last minutes; whether it does now is not known here.`,
      evidence,
      remediations: [],
      withoutRemediation:
        `See which service should listen on ${backendsOf(pass)} and why it does not: \`systemctl --failed\`, ` +
        '`journalctl -p err -n 50 --no-pager`, and what listens at all: `ss -lxtnp`. Start it; or, where it has moved, correct ' +
        `proxy_pass at ${pass.at}, then \`nginx -t && systemctl reload nginx\`.`,
    },
  ]
}
