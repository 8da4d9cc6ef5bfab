/** AppArmor keeps nginx from PHP, or PHP-FPM from its address. */
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
import { forPeople } from '../../readings/bytes.ts'
import type { Denial } from '../../readings/denials.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const id = 'apparmor-denied'

export const apparmorDenied = defineDiagnosis({
  id,
  title: 'AppArmor keeps nginx and PHP apart',
  role: 'cause',
  meaning:
    'Owner, group and mode are right, and the kernel says "(13: Permission denied)" all the same: the profile that nginx or ' +
    'PHP-FPM runs under does not have the socket among the files it may use. It comes of a pool that was moved or renamed, ' +
    'and of a profile that still names the version of PHP before. A profile that only complains denies nothing. Each denial ' +
    'stands in the audit log or the journal. Whether connecting to a socket is asked about depends on the kernel; making one always is.',
  judge: (facts) => [
    ...stoppedNginx(facts, 'apparmor').map((stopped) => judgeNginx(facts, stopped)),
    ...stoppedStarts(facts, 'apparmor').map((stopped) => judgeStart(facts, stopped)),
  ],
})

function judgeNginx(facts: HostFacts, { upstream, passes, denial, errors }: StoppedNginx): Finding {
  const address = plain(upstream.address)
  return {
    diagnosis: id,
    role: 'cause',
    subject: addressSubject(facts, upstream.address, passes),
    says: `AppArmor's profile ${forPeople(denial.subject)} does not let nginx connect to ${address}. So ${sitesInWords(passes)} cannot reach PHP.`,
    evidence: [
      denialEvidence(facts, denial),
      ...newestError(facts, passes, errors),
      { source: "/proc/PID/attr/current of nginx's worker", says: facts.security.nginxRunsAs ?? '' },
      requestEvidence(upstream),
      ...httpEvidence(facts, passes),
    ],
    remediations: [],
    withoutRemediation: `${profileSteps(denial, `${address} rw,`)} Nothing has to be restarted. ${never}`,
  }
}

function judgeStart(facts: HostFacts, { service, obstacle, denial }: StoppedStart): Finding {
  const name = service.service
  const socket = service.pools.map(({ listen }) => listen).find((listen) => listen === `unix:${denial.name}`)
  const what = socket === undefined || socket === null ? 'do what a start takes' : `make its socket ${plain(socket)}`
  const rule = socket === undefined || socket === null ? 'a rule for what the denial names' : `${plain(socket)} rwlk,`
  return {
    diagnosis: id,
    role: 'cause',
    subject: { kind: 'service', name },
    says: `${name} is down: AppArmor's profile ${forPeople(denial.subject)} does not let it ${what}.`,
    evidence: [denialEvidence(facts, denial), ...obstacle.evidence, ...siteEvidence(facts, service.pools)],
    remediations: [],
    withoutRemediation: `${profileSteps(denial, rule)} Then start it: ${startSteps(service)}. ${never}`,
  }
}

const never = 'Leave the profile on: without it the service may do whatever its user may.'

/** The name of a profile is root's word; it stands in a command only where it needs no quotes. */
function profileSteps({ subject }: Denial, rule: string): string {
  const file = /^[\w./-]+$/.test(subject)
    ? `\`grep -rlF ${subject} /etc/apparmor.d\` finds it`
    : 'below /etc/apparmor.d'
  return (
    `Put \`${rule}\` into the profile (${file}; what is yours goes into the file below \`local\` that it includes), ` +
    'and load it: `apparmor_parser -r FILE`.'
  )
}
