/** Reads what nginx says of its configuration on disk, and the journal of its service. */
import type { ReadHost } from '../host/host.ts'
import { readJournal } from '../readings/journal.ts'
import type { NginxDirective } from '../readings/nginx-config.ts'
import { readNginxConfig } from '../readings/nginx-config.ts'
import { fullPath, packagedBuild } from '../readings/nginx-log-paths.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import { answerOf } from './answer-of.ts'
import { readWithFiles } from './config-files.ts'
import type { NginxFacts } from './host-facts.ts'
import type { NginxReading } from './nginx-facts.ts'

const journalLines = 100
const packagedMain = '/etc/nginx/nginx.conf'

export async function nginxService(
  host: ReadHost,
  nginx: Pick<NginxReading, 'unit' | 'master' | 'binary' | 'isInstalled' | 'config'>,
): Promise<Pick<NginxFacts, 'configTest' | 'journal'>> {
  const { unit, master, binary, isInstalled } = nginx
  const none = { ok: false, why: 'missing', says: 'nginx is not a service here' } as const
  if (!isInstalled) return { configTest: none, journal: none }
  const argv = /argv\[\]=([^;]*)/.exec(unit?.execStart ?? '')?.[1] ?? ''
  const config = / -c ?(\/\S+)/.exec(master?.title ?? argv)?.[1] ?? null
  const [configTest, journal] = await Promise.all([
    testConfig(host, binary, config, nginx.config),
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

async function testConfig(
  host: ReadHost,
  binary: string,
  config: string | null,
  known: NginxReading['config'],
): Promise<NginxFacts['configTest']> {
  const made = await wouldMake(host, config ?? packagedMain, known)
  if (made !== null)
    return { ok: false, why: 'failed', says: `\`nginx -t\` would make ${made}, and looking changes nothing` }
  const test = await host.ask({ tool: 'nginx-config-test', binary, config })
  if (!test.ok) return test
  const { exitCode, stderr } = test.value
  const says = stderr.split('\n').filter((line) => line.trim() !== '')
  return { ok: true, value: { passes: exitCode === 0, exitCode, says } }
}

/** Places where the test writes to a layer of its own (`answer-question.ts`). */
const ownLayer = /^(\/var\/log|\/var\/lib\/nginx|\/run|\/var\/run|\/dev)\//

/**
 * Logs and folders elsewhere that are not there yet: nginx makes them while it only tests (`ngx_conf_open_file`,
 * `ngx_create_paths`). A configuration that cannot be read is refused before nginx makes anything.
 */
async function wouldMake(host: ReadHost, main: string, known: NginxReading['config']): Promise<string | null> {
  const reading =
    known?.main === main
      ? known.read
      : await readWithFiles(host, (sources) => readNginxConfig(main, sources.read, sources.glob))
  if (!reading.ok) return null
  for (const path of new Set(writtenPaths(reading.value.directives))) {
    if (ownLayer.test(path)) continue
    const real = await host.resolve(path)
    if (!real.ok && real.why === 'missing') return path
  }
  return null
}

function writtenPaths(directives: readonly NginxDirective[]): readonly string[] {
  return directives.flatMap(({ name, args: [path = ''], block }) => {
    const isWritten = /^(access_log|error_log|pid|lock_file|\w+_temp_path|\w+_cache_path)$/.test(name)
    const isFile = path !== '' && path !== 'off' && path !== 'stderr' && !/^(syslog|memory):|\$/.test(path)
    return [...(isWritten && isFile ? [fullPath(path, packagedBuild)] : []), ...writtenPaths(block ?? [])]
  })
}
