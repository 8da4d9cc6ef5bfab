/** What nginx itself says of its configuration: `nginx -t`, of the files on disk or of planned ones, making nothing. */
import type { PlannedFiles, ProcessFacts, Read, ReadHost } from '../host/host.ts'
import { readNginxConfig, type NginxConfig, type NginxDirective } from '../readings/nginx-config.ts'
import { fullPath, packagedBuild } from '../readings/nginx-log-paths.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import { readWithFiles } from './config-files.ts'
import type { NginxFacts } from './host-facts.ts'

const packagedMain = '/etc/nginx/nginx.conf'

export interface NginxTest {
  readonly binary: string
  /** Null: the one it was built with. */
  readonly config: string | null
  /** Stand in for the files on disk. */
  readonly planned: PlannedFiles
}

/** The `-c` of what runs, or of what its unit would start. */
export function namedConfig(unit: UnitProperties | null, master: ProcessFacts | null): string | null {
  const argv = /argv\[\]=([^;]*)/.exec(unit?.execStart ?? '')?.[1] ?? ''
  return / -c ?(\/\S+)/.exec(master?.title ?? argv)?.[1] ?? null
}

export interface NginxTestMeans {
  /** The host as it would be with the planned files. */
  readonly view?: ReadHost
  /** What was read already. */
  readonly known?: { readonly main: string; readonly config: Read<NginxConfig> }
}

export async function testNginxConfig(
  host: ReadHost,
  { binary, config, planned }: NginxTest,
  { view = host, known }: NginxTestMeans = {},
): Promise<NginxFacts['configTest']> {
  const main = config ?? packagedMain
  const reading = known?.main === main ? known.config : await readNginx(view, main)
  const made = reading.ok ? await wouldMake(view, reading.value) : null
  if (made !== null)
    return { ok: false, why: 'failed', says: `\`nginx -t\` would make ${made}, and looking changes nothing` }
  const test = await host.ask({ tool: 'nginx-config-test', binary, config, planned })
  if (!test.ok) return test
  const { exitCode, stderr } = test.value
  const says = stderr.split('\n').filter((line) => line.trim() !== '')
  return { ok: true, value: { passes: exitCode === 0, exitCode, says } }
}

async function readNginx(host: ReadHost, main: string): Promise<Read<NginxConfig>> {
  const reading = await readWithFiles(host, (sources) => readNginxConfig(main, sources.read, sources.glob))
  return reading.ok ? reading : { ok: false, why: 'failed', says: reading.says }
}

/** Places where the test writes to a layer of its own (`answer-question.ts`). */
const ownLayer = /^(\/var\/log|\/var\/lib\/nginx|\/run|\/var\/run|\/dev)\//

/**
 * Logs and folders elsewhere that are not there yet: nginx makes them while it only tests (`ngx_conf_open_file`,
 * `ngx_create_paths`). A configuration that cannot be read is refused before nginx makes anything.
 */
async function wouldMake(host: ReadHost, { directives }: NginxConfig): Promise<string | null> {
  for (const path of new Set(writtenPaths(directives))) {
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
