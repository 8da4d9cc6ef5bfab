/** PHP-FPM cannot start, because it refuses its configuration. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { startSteps } from '../../judgement/by-hand.ts'
import { instantOf } from '../../judgement/instant.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { startObstacle } from '../../judgement/start-obstacle.ts'
import { forPeople } from '../../readings/bytes.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { changedConfig } from '../changed-config.ts'
import { defineDiagnosis } from '../define.ts'

/** EX_CONFIG: what FPM exits with when it refuses its configuration (`fpm_main.c`). */
const refusedExit = 78

export const fpmConfigInvalid = defineDiagnosis({
  id: 'fpm-config-invalid',
  title: 'PHP-FPM refuses its configuration',
  role: 'cause',
  meaning:
    'A line that FPM does not accept keeps the whole service, with every pool, from starting. It often shows long after ' +
    'the edit: a reload re-reads everything, and a master that then meets the bad line exits with 78. `systemctl ' +
    'reload` still reports success.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  if (service.master || !service.configTest.ok || service.configTest.value.passes || !isInUse(facts, service)) return []
  // The text is well-formed then; what it asks for is missing (fpm-cannot-start).
  if (startObstacle(service)) return []
  const complaints = complaintsOf(service)
  const change = changedConfig(service.service, service.lastGood, complaints.join('\n'))
  return [
    {
      diagnosis: 'fpm-config-invalid',
      role: 'cause',
      subject: { kind: 'service', name: service.service },
      says: `${service.service} is down and cannot start: ${complaints[0] ?? 'FPM refuses its configuration'}${change.says}.`,
      evidence: [
        ...testEvidence(service, complaints),
        ...change.evidence,
        ...exitEvidence(service),
        ...siteEvidence(facts, service.pools),
      ],
      remediations: change.remediations,
      withoutRemediation:
        `${change.says === '' ? 'What the line should say is yours to know. Mend it' : 'Put the files back as they were; or, to keep the edit, mend the line'}, see that \`${service.binary} -t\` passes, then start it: ` +
        `${startSteps(service)}.`,
    },
  ]
}

/** The lines that say what is wrong, without FPM's closing remarks and without dates. */
export function complaintsOf(service: FpmFacts): readonly string[] {
  if (!service.configTest.ok) return []
  return service.configTest.value.says
    .map((line) => forPeople(line).replace(/^\[[^\]]+\] (ALERT|ERROR|WARNING|NOTICE): /, ''))
    .filter(
      (line) => !/^(NOTICE|FPM initialization failed|failed to (load|post process) |configuration file )/.test(line),
    )
    .map((line) => line.replace(/\.$/, ''))
}

export function testEvidence(service: FpmFacts, complaints: readonly string[]): readonly Evidence[] {
  if (!service.configTest.ok) return []
  const source = `${service.binary} -F -O -t -y ${service.configPath}`
  const said = complaints.length > 0 ? complaints.slice(0, 3).join(' · ') : 'no reason given'
  return [{ source, says: `exit code ${service.configTest.value.exitCode}: ${said}` }]
}

function exitEvidence({ unit, journal, service }: FpmFacts): readonly Evidence[] {
  const exit = journal.ok
    ? journal.value.findLast((entry) => entry.identifier === 'systemd' && /Main process exited/.test(entry.message))
    : undefined
  if (!exit || unit?.execMainStatus !== refusedExit) return []
  return [{ source: `journalctl -u ${service}`, says: exit.message, at: instantOf(exit.atMs) }]
}
