/** `systemctl reload` does not test the configuration before it signals the master. */
import { isInUse } from '../../judgement/same-address.ts'
import { hasUnit } from '../../judgement/unit-service.ts'
import type { FpmFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const reloadUnguarded = defineDiagnosis({
  id: 'reload-unguarded',
  title: 'A reload does not test the configuration first',
  role: 'note',
  meaning:
    'ExecReload= only sends SIGUSR2. On a bad line the master stops all workers and then dies of it, while `systemctl ' +
    'reload` reports success. A note, because it takes a bad line to hurt: that one would be config-latent-invalid. Where ' +
    'nothing restarts the unit either, no-auto-restart says so, and the same drop-in mends both.',
  judge: (facts) =>
    facts.fpm
      .filter(hasUnit)
      .filter((service) => reloadsUntested(service) && service.unit.restart !== 'no')
      .filter((service) => isInUse(facts, service))
      .map(({ service, unit }) => ({
        diagnosis: 'reload-unguarded',
        role: 'note',
        subject: { kind: 'service', name: service },
        says: `\`systemctl reload ${service}\` does not test the configuration first, and a bad line would kill the master.`,
        evidence: [
          { source: `systemctl show ${service}`, says: `ExecReload=${commandsOf(unit.execReload).join(' ; ')}` },
        ],
        remediations: [{ id: 'restart-on-failure', input: { service } }],
      })),
})

/** Signals the master, and runs no test of the configuration before. */
export function reloadsUntested({ unit }: FpmFacts): boolean {
  const commands = commandsOf(unit?.execReload ?? '')
  const signal = commands.findIndex((command) => /-(SIG)?(USR2|HUP)\b/i.test(command))
  return signal >= 0 && !commands.slice(0, signal).some((command) => / (-t|-tt|--test)( |$)/.test(command))
}

/** `{ path=/bin/kill ; argv[]=/bin/kill -USR2 $MAINPID ; ignore_errors=no ; … }`, one for each command. */
function commandsOf(execReload: string): readonly string[] {
  return [...execReload.matchAll(/argv\[\]=(.*?) ;|argv\[\]=([^;}]*) }/g)].map(
    ([, before, last]) => before ?? last ?? '',
  )
}
