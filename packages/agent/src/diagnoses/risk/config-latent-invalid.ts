/** PHP-FPM runs, but the configuration on disk would kill it at the next reload or restart. */
import { changedConfig } from '../changed-config.ts'
import { defineDiagnosis } from '../define.ts'
import { complaintsOf, testEvidence } from '../service/fpm-config-invalid.ts'

export const configLatentInvalid = defineDiagnosis({
  id: 'config-latent-invalid',
  title: 'The next reload would kill PHP-FPM',
  role: 'risk',
  meaning:
    'FPM is running with a configuration it loaded earlier. What is on disk now does not pass its own test. A reload ' +
    'stops all workers first and only then reads the files: every site of this FPM would go down.',
  judge: (facts) =>
    facts.fpm
      .filter(({ master, configTest }) => master !== null && configTest.ok && !configTest.value.passes)
      .map((service) => {
        const complaints = complaintsOf(service)
        const change = changedConfig(service.service, service.lastGood, complaints.join('\n'))
        return {
          diagnosis: 'config-latent-invalid',
          role: 'risk',
          subject: { kind: 'service', name: service.service },
          says: `The next reload would kill ${service.service}: ${complaints[0] ?? 'FPM refuses what is on disk'}${change.says}.`,
          evidence: [...testEvidence(service, complaints), ...change.evidence],
          remediations: change.remediations,
          withoutRemediation: `Mend the line, or put the file back as it was, before anything reloads ${service.service}.`,
        }
      }),
})
