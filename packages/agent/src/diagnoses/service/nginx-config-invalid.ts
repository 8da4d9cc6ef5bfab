/** nginx refuses its configuration: it is down because of it, or would not come back. */
import type { Evidence } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { isNginxDown, nginxRefusal, startsNginx } from '../../judgement/nginx-down.ts'
import { forPeople } from '../../readings/bytes.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { changedConfig } from '../changed-config.ts'
import { defineDiagnosis } from '../define.ts'

export const nginxConfigInvalid = defineDiagnosis({
  id: 'nginx-config-invalid',
  title: 'nginx refuses its configuration',
  role: 'cause',
  meaning:
    'A reload with a bad configuration is harmless: nginx goes on with the old one, and says so only in its log. A ' +
    'restart is not: it stops nginx first, and every site is gone. So while nginx runs this is a risk, which the next ' +
    'restart, package upgrade or boot makes come true; and no change of its sites takes effect until it is mended.',
  judge: (facts) => {
    const refusal = nginxRefusal(facts)
    const down = isNginxDown(facts)
    if (!refusal || (!down && !facts.nginx.master)) return []
    const place = refusal.at === null ? '' : ` in ${refusal.at}`
    const mend = refusal.at === null ? 'Mend it' : `Mend ${refusal.at}, or put the file back as it was`
    const change = changedConfig('nginx', facts.nginx.lastGood, place)
    return [
      {
        diagnosis: 'nginx-config-invalid',
        role: down ? 'cause' : 'risk',
        subject: { kind: 'service', name: 'nginx' },
        says: down
          ? `nginx is down and cannot start: ${refusal.says}${place}${change.says}.`
          : `nginx could not be started again, and reloads change nothing: ${refusal.says}${place}${change.says}.`,
        evidence: [...testEvidence(facts), ...change.evidence, ...(down ? journalEvidence(facts) : [])],
        remediations: isUnits(facts) ? change.remediations : [],
        withoutRemediation: down
          ? `${mend}, see that \`nginx -t\` passes, then \`${startsNginx(facts)}\`.`
          : `${mend}, see that \`nginx -t\` passes, then \`nginx -s reload\`. Do not restart it before.`,
      },
    ]
  },
})

function testEvidence({ nginx }: HostFacts): readonly Evidence[] {
  if (!nginx.configTest.ok) return []
  const { exitCode, says } = nginx.configTest.value
  return [{ source: 'nginx -t', says: `exit code ${exitCode}: ${says.slice(0, 3).map(forPeople).join(' · ')}` }]
}

/** Whether systemd has a say in what runs, or would run it. */
function isUnits({ nginx: { unit, master } }: HostFacts): boolean {
  return unit !== null && (master === null || unit.mainPid === master.pid)
}

/** What the start that failed wrote. */
function journalEvidence({ nginx }: HostFacts): readonly Evidence[] {
  if (!nginx.journal.ok) return []
  const entry = nginx.journal.value.findLast(
    ({ identifier, message }) => identifier !== 'systemd' && message.includes('[emerg]'),
  )
  return entry ? [{ source: 'journalctl -u nginx', says: forPeople(entry.message), at: instantOf(entry.atMs) }] : []
}
