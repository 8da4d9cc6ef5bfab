/** Reads what nginx says of its configuration on disk, and the journal of its service. */
import type { ReadHost } from '../host/host.ts'
import { readJournal } from '../readings/journal.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import { answerOf } from './answer-of.ts'
import type { NginxFacts } from './host-facts.ts'
import type { NginxReading } from './nginx-facts.ts'
import { namedConfig, testNginxConfig } from './nginx-test.ts'

const journalLines = 100

export async function nginxService(
  host: ReadHost,
  nginx: Pick<NginxReading, 'unit' | 'master' | 'binary' | 'isInstalled' | 'main' | 'config'>,
): Promise<Pick<NginxFacts, 'configTest' | 'journal'>> {
  const { unit, master, binary, isInstalled } = nginx
  const none = { ok: false, why: 'missing', says: 'nginx is not a service here' } as const
  if (!isInstalled) return { configTest: none, journal: none }
  const config = namedConfig(unit, master)
  const [configTest, journal] = await Promise.all([
    testNginxConfig(host, { binary, config, planned: new Map() }, { known: nginx }),
    unit ? readUnitJournal(host, unit) : none,
  ])
  return { configTest, journal }
}

/** Of a unit that is up nothing is asked: findings rest on its journal only where it went down. */
async function readUnitJournal(
  host: ReadHost,
  { service, activeState }: UnitProperties,
): Promise<NginxFacts['journal']> {
  if (activeState === 'active') return { ok: true, value: [] }
  const journal = await answerOf(host, { tool: 'unit-journal', service, lines: journalLines })
  return journal.ok ? { ok: true, value: readJournal(journal.value).entries } : journal
}
