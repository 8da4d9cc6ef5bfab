/** systemd stopped the whole of PHP-FPM because the kernel killed one of its processes for memory. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { isBetweenStarts } from '../../judgement/stop-story.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import type { OomKill } from '../../readings/oom-kills.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmOomStopped = defineDiagnosis({
  id: 'fpm-oom-stopped',
  title: 'PHP-FPM was stopped for lack of memory',
  role: 'cause',
  meaning:
    'Where cgroups are of version 2, systemd sees every process that the kernel kills for memory, and its default ' +
    'OOMPolicy=stop then takes the whole unit down: one fat request ends every site. The limit may be the host itself, or ' +
    'a MemoryMax of the unit, which `systemctl set-property` hides in /etc/systemd/system.control.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const { unit, master } = service
  if (!unit) return []
  const isDown = !master && (unit.activeState === 'failed' || isBetweenStarts(service))
  if (!isDown || unit.result !== 'oom-kill' || !isInUse(facts, service)) return []
  const atMs = unit.execMainExitedMs ?? unit.inactiveEnterMs
  const when = atMs === null ? '' : ` at ${instantOf(atMs)}`
  const limit = facts.memory?.cgroupLimitMiB.get(service.service)
  const kill = kernelKill(facts, service, atMs)
  const ofLimit = kill?.limitCgroup ? 'reached its memory limit' : 'ran out of memory'
  const where = limit ? `reached its limit of ${Math.round(limit.limitMiB)} MiB` : ofLimit
  return [
    {
      diagnosis: 'fpm-oom-stopped',
      role: 'cause',
      subject: { kind: 'service', name: service.service },
      says: `${service.service} ${where}${when}, and systemd stopped all of it because one process was killed.`,
      evidence: [
        {
          source: `systemctl show ${service.service}`,
          says: `${unit.activeState}/${unit.subState}, result ${unit.result}, OOMPolicy=${unit.oomPolicy}`,
          ...(atMs === null ? {} : { at: instantOf(atMs) }),
        },
        ...(limit ? [{ source: limit.path, says: `memory limit ${Math.round(limit.limitMiB)} MiB` }] : []),
        ...journalEvidence(service),
        ...(kill ? [{ source: 'journalctl --dmesg', says: kill.says, at: instantOf(kill.atMs) }] : []),
        ...siteEvidence(facts, service.pools),
      ],
      remediations: [
        { id: 'start-service', input: { service: service.service } },
        ...(unit.restart === 'no' || unit.oomPolicy === 'stop'
          ? [{ id: 'restart-on-failure', input: { service: service.service } }]
          : []),
      ],
    },
  ]
}

function journalEvidence({ journal, service }: FpmFacts): readonly Evidence[] {
  if (!journal.ok) return []
  const entry = journal.value.findLast(
    ({ identifier, message }) => identifier === 'systemd' && /OOM killer|result 'oom-kill'/.test(message),
  )
  return entry ? [{ source: `journalctl -u ${service}`, says: entry.message, at: instantOf(entry.atMs) }] : []
}

/** systemd stops the unit at once; the kernel names the cgroup of whom it killed. */
const togetherMs = 2000

function kernelKill({ capacity }: HostFacts, { service }: FpmFacts, atMs: number | null): OomKill | undefined {
  if (!capacity.oomKills?.ok || atMs === null) return undefined
  return capacity.oomKills.value.findLast(
    (each) => each.cgroup?.endsWith(`/${service}.service`) === true && Math.abs(each.atMs - atMs) <= togetherMs,
  )
}
