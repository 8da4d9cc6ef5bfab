/** systemd has given up on PHP-FPM: it was started too often in too short a time. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import type { JournalEntry } from '../../readings/journal.ts'
import type { UnitProperties } from '../../readings/unit-properties.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmStartLimitHit = defineDiagnosis({
  id: 'fpm-start-limit-hit',
  title: 'systemd has given up starting PHP-FPM',
  role: 'cause',
  meaning:
    'StartLimitBurst starts within StartLimitIntervalSec are all that systemd allows (5 in 10 s, if nothing else is set), ' +
    'and starts by hand count too. With Restart= and its default pause of 100 ms, five quick deaths of the master are ' +
    'enough: "Start request repeated too quickly." From then on nothing starts it, until the count is reset.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const { unit, master } = service
  const refusal = unit && !master ? standingRefusal(service, unit) : null
  if (!unit || !refusal || !isInUse(facts, service)) return []
  const limit =
    unit.startLimitBurst !== null && unit.startLimitIntervalUs !== null
      ? `${unit.startLimitBurst} starts in ${unit.startLimitIntervalUs / 1e6} s are allowed`
      : 'it was started too often'
  const deaths = deathsBefore(service, refusal)
  const why = deaths.length > 0 ? `it ended ${times(deaths.length)} in a row` : 'it was started too often'
  const when = refusal.atMs === null ? '' : ` at ${instantOf(refusal.atMs)}`
  return [
    {
      diagnosis: 'fpm-start-limit-hit',
      role: 'cause',
      subject: { kind: 'service', name: service.service },
      says: `systemd gave up starting ${service.service}${when}: ${why}, and ${limit}.`,
      evidence: [
        {
          source: `systemctl show ${service.service}`,
          says:
            `${unit.activeState}/${unit.subState}, result ${unit.result}, Restart=${unit.restart}, ` +
            `${unit.restarts} restarts by systemd, ${limit}`,
        },
        ...refusal.evidence,
        ...deathEvidence(service, deaths),
        ...siteEvidence(facts, service.pools),
      ],
      remediations: [{ id: 'start-service', input: { service: service.service } }],
    },
  ]
}

interface Refusal {
  readonly atMs: number | null
  readonly evidence: readonly Evidence[]
}

/**
 * The result is kept from the last death (`signal`, `exit-code`), so that mostly only the journal tells of the limit. A
 * start after the refusal shows that somebody has reset the count.
 */
function standingRefusal({ service, journal }: FpmFacts, unit: UnitProperties): Refusal | null {
  if (unit.activeState !== 'failed') return null
  const lines = journal.ok ? journal.value.filter(({ identifier }) => identifier === 'systemd') : []
  const refused = lines.findLastIndex(({ message }) => /Start request repeated too quickly/.test(message))
  const started = lines.findLastIndex(({ message }) => /^Start(?:ing|ed) /.test(message))
  const line = refused > started ? lines[refused] : undefined
  if (!line && unit.result !== 'start-limit-hit') return null
  return {
    atMs: line?.atMs ?? null,
    evidence: line ? [{ source: `journalctl -u ${service}`, says: line.message, at: instantOf(line.atMs) }] : [],
  }
}

const shortlyMs = 120_000

function deathsBefore({ journal }: FpmFacts, { atMs }: Refusal): readonly JournalEntry[] {
  if (!journal.ok || atMs === null) return []
  return journal.value.filter(
    (entry) =>
      entry.identifier === 'systemd' &&
      /Main process exited/.test(entry.message) &&
      entry.atMs <= atMs &&
      entry.atMs >= atMs - shortlyMs,
  )
}

function deathEvidence({ service }: FpmFacts, deaths: readonly JournalEntry[]): readonly Evidence[] {
  const last = deaths.at(-1)
  if (!last) return []
  const same = deaths.filter(({ message }) => message === last.message).length
  return [{ source: `journalctl -u ${service}`, says: `${times(same)}: ${last.message}`, at: instantOf(last.atMs) }]
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
