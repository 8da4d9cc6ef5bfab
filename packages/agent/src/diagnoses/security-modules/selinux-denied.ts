/** SELinux keeps nginx from PHP, or PHP-FPM from its address. */
import type { Finding } from '@fleetmend/shared'
import { startSteps } from '../../judgement/by-hand.ts'
import {
  denialEvidence,
  stoppedNginx,
  stoppedStarts,
  type StoppedNginx,
  type StoppedStart,
} from '../../judgement/security-denials.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import {
  addressSubject,
  httpEvidence,
  newestError,
  plain,
  requestEvidence,
  sitesInWords,
} from '../../judgement/upstream-words.ts'
import type { Denial } from '../../readings/denials.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'selinux-denied'

export const selinuxDenied = defineDiagnosis({
  id,
  title: 'SELinux keeps nginx and PHP apart',
  role: 'cause',
  meaning:
    'Owner, group and mode are right, and the kernel says "(13: Permission denied)" all the same: the policy does not let ' +
    "the web server's domain (httpd_t) use a socket with this label, a port with this type, or a process of this domain. " +
    'It comes of a socket or a pool that was moved out of the places the policy knows, of files that were moved with their ' +
    'old labels, and of an FPM that was started by hand. Each denial stands in the audit log.',
  judge: (facts) => [
    ...stoppedNginx(facts, 'selinux').map((stopped) => judgeNginx(facts, stopped)),
    ...stoppedStarts(facts, 'selinux').map((stopped) => judgeStart(facts, stopped)),
  ],
})

function judgeNginx(facts: HostFacts, stopped: StoppedNginx): Finding {
  const { upstream, passes, denial, errors } = stopped
  const address = plain(upstream.address)
  return {
    diagnosis: id,
    role: 'cause',
    subject: addressSubject(facts, upstream.address, passes),
    says: `SELinux does not let nginx (${typeOf(denial.subject)}) ${deedOf(denial)} ${address}, which is ${typeOf(denial.object)}. So ${sitesInWords(passes)} cannot reach PHP.`,
    evidence: [
      denialEvidence(facts, denial),
      ...newestError(facts, passes, errors),
      { source: '/sys/fs/selinux/enforce', says: `1: enforcing; nginx's worker is ${facts.security.nginxRunsAs}` },
      requestEvidence(upstream),
      ...labelEvidence(facts),
      ...httpEvidence(facts, passes),
    ],
    remediations: [],
    withoutRemediation: `${nginxSteps(facts, stopped)} ${never}`,
  }
}

function judgeStart(facts: HostFacts, { service, obstacle, denial }: StoppedStart): Finding {
  const name = service.service
  const what =
    denial.port === null ? 'make its socket' : `listen on port ${denial.port}, which is ${typeOf(denial.object)}`
  return {
    diagnosis: id,
    role: 'cause',
    subject: { kind: 'service', name },
    says: `${name} is down: SELinux does not let it (${typeOf(denial.subject)}) ${what}.`,
    evidence: [denialEvidence(facts, denial), ...obstacle.evidence, ...siteEvidence(facts, service.pools)],
    remediations: [],
    withoutRemediation: `${denial.port === null ? placeSteps : portSteps(denial.port)} Then start it: ${startSteps(service)}. ${never}`,
  }
}

const never = 'Leave SELinux on: `setenforce 0` opens every service of this host.'

function nginxSteps({ security }: HostFacts, { upstream, denial }: StoppedNginx): string {
  const path = plain(upstream.address)
  if (denial.port !== null)
    return (
      '`setsebool -P httpd_can_network_connect on` lets nginx connect to any port, at once. Narrower, where the policy lets ' +
      `it reach the ports of web servers: \`semanage port -a -t http_port_t -p tcp ${denial.port}\` (\`-m\` where the port ` +
      'has a type already). `ausearch -m avc -ts recent | audit2why` says which of them this policy needs.'
    )
  if (denial.wanted.includes('connectto'))
    return (
      `Whoever listens on ${path} runs as ${denial.object}, not in the web server's domain: started by hand, or from a file ` +
      'with a wrong label. `restorecon -v` its binary, and let systemd start it.'
    )
  const wrong = security.wrongLabels.find((each) => each.path === path || path.startsWith(`${each.path}/`))
  return wrong
    ? `\`restorecon -v ${wrong.path}\` makes it ${typeOf(wrong.shouldBe)} again; nothing has to be restarted.`
    : placeSteps
}

/** RHEL calls it httpd_var_run_t, newer policies httpd_runtime_t with the old name as an alias. */
const placeSteps =
  'Where the label is not the one of its place (`matchpathcon -V SOCKET`), `restorecon -v SOCKET` mends it. Else let the pool listen below the folder that the policy has for it (`/run/php-fpm` on RHEL, `/run/php` on Debian), or give ' +
  "its folder that label: `semanage fcontext -a -t httpd_var_run_t 'FOLDER(/.*)?'`, then `restorecon -Rv FOLDER`."

function portSteps(port: number): string {
  return `Give the port to web servers: \`semanage port -a -t http_port_t -p tcp ${port}\` (\`-m\` where it has a type already), or take one that \`semanage port -l | grep -w http_port_t\` lists.`
}

function deedOf({ what, wanted }: Denial): string {
  if (what === 'dir') return 'pass the folder on the way to'
  return wanted.includes('connectto') ? 'connect to the owner of' : 'connect to'
}

function labelEvidence({ security }: HostFacts): Finding['evidence'] {
  return security.wrongLabels.slice(0, 2).map(({ path, is, shouldBe }) => ({
    source: `matchpathcon -V ${path}`,
    says: `it is ${is}, and for its place the policy has ${shouldBe}`,
  }))
}

/** `httpd_t` of `system_u:system_r:httpd_t:s0`: the part that the rules of the targeted policy are about. */
function typeOf(context: string | null): string {
  return context?.split(':')[2] ?? 'not known'
}
