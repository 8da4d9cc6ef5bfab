/** nginx cannot find out which address a name in fastcgi_pass means. */
import type { Finding } from '@fleetmend/shared'
import { failsOverHttp, isRecent, unreached, type Unreached } from '../../judgement/upstream-obstacle.ts'
import {
  httpEvidence,
  newestError,
  passEvidence,
  plain,
  siteSubject,
  sitesInWords,
  upstreamEvidence,
} from '../../judgement/upstream-words.ts'
import type { PassFacts } from '../../survey/address-facts.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'upstream-name-unresolved'

export const upstreamNameUnresolved = defineDiagnosis({
  id,
  title: 'The name of the upstream cannot be resolved',
  role: 'cause',
  meaning:
    'A name that stands in fastcgi_pass is looked up once, when nginx starts or reloads; one that comes from a variable is ' +
    'looked up with every request, and for that nginx needs a `resolver` of its own: it asks neither /etc/hosts nor ' +
    '/etc/resolv.conf. Without one: 502 with "no resolver defined to resolve".',
  judge: (facts) => [
    ...unreached(facts, id).map((at) => judgeName(facts, at)),
    ...facts.nginx.passes
      .filter((pass) => pass.target.includes('$') && failsOverHttp(facts, pass.site))
      .filter((pass, i, all) => all.findIndex(({ site }) => site === pass.site) === i)
      .flatMap((pass) => judgeVariable(facts, pass)),
  ],
})

/** A name as it is written. nginx goes on with the address it once found, so that visitors may notice nothing yet. */
function judgeName(facts: HostFacts, at: Unreached): Finding {
  const name = plain(at.upstream.address).replace(/:\d+$/, '')
  const isFailing = at.passes.some(({ site }) => failsOverHttp(facts, site))
  return {
    diagnosis: id,
    role: isFailing ? at.role : 'risk',
    subject: siteSubject(at.passes),
    says: isFailing
      ? `${sitesInWords(at.passes)} asks for PHP at ${name}, and that name does not resolve on this host.`
      : `nginx would not start again: ${name}, where ${sitesInWords(at.passes)} asks for PHP, does not resolve on this host.`,
    evidence: [...upstreamEvidence(facts, at), ...passEvidence(at.passes, at.upstream.address)],
    remediations: [],
    withoutRemediation:
      `See what \`getent hosts ${name}\` says, mend DNS or /etc/hosts, then \`nginx -t && nginx -s reload\`. An address in ` +
      'place of the name needs neither.',
  }
}

function judgeVariable(facts: HostFacts, pass: PassFacts): readonly Finding[] {
  const own = facts.nginx.sites.ok
    ? facts.nginx.sites.value.find(({ serverName }) => serverName === pass.site)
    : undefined
  const errors = facts.nginx.errors.filter(
    ({ kind, server, localTime }) =>
      kind === 'not-resolved' &&
      server !== null &&
      (own?.serverNames.includes(server) ?? false) &&
      isRecent(facts, localTime),
  )
  if (errors.length === 0) return []
  const where = `${pass.path}:${pass.line}`
  return [
    {
      diagnosis: id,
      role: 'cause',
      subject: siteSubject([pass]),
      says: pass.hasResolver
        ? `nginx cannot resolve the name that \`fastcgi_pass ${pass.target}\` of ${pass.site} comes to.`
        : `nginx cannot look up where ${pass.site} asks for PHP: \`fastcgi_pass ${pass.target}\` is a variable, and no resolver is set.`,
      evidence: [
        {
          source: where,
          says: `fastcgi_pass ${pass.target}${pass.hasResolver ? '' : ', without a resolver in effect there'}`,
        },
        ...newestError(facts, [pass], errors),
        ...httpEvidence(facts, [pass]),
      ],
      remediations: [],
      withoutRemediation: pass.hasResolver
        ? `See that the resolver in effect at ${where} answers for that name; nginx does not read /etc/hosts for it.`
        : `At ${where} name an address or an \`upstream\` block in place of the variable, or set \`resolver\` to a DNS server ` +
          'that knows the name; then `nginx -t && nginx -s reload`.',
    },
  ]
}
