/**
 * Whether PHP-FPM would survive reading its configuration: what FPM itself tests with `-t`, and what only kills it later.
 * Asked of the files on disk or of planned ones; the live tree is never touched to find out.
 */
import type { PlannedFiles, ReadHost } from '../host/host.ts'
import { judgePreflight } from '../judgement/fpm-preflight.ts'
import { forPeople } from '../readings/bytes.ts'
import { redactProse } from '../redaction/redact-prose.ts'
import { readFpmConfig, type FpmConfig } from '../readings/fpm-config.ts'
import { readWithFiles } from '../survey/config-files.ts'
import { fpmPrefix } from '../survey/fpm-prefix.ts'
import { findFpmServices, type FpmService } from '../survey/fpm-services.ts'
import { readUnits } from '../survey/units.ts'
import { plannedView } from './planned-view.ts'
import { preflightFacts } from './preflight-facts.ts'

export type FpmConfigCheck =
  | { readonly passed: true; readonly says: string; readonly service: FpmService; readonly config: FpmConfig }
  | { readonly passed: false; readonly says: string }

export async function checkFpmConfig(host: ReadHost, name: string, planned: PlannedFiles): Promise<FpmConfigCheck> {
  const found = await findService(host, name)
  if (!found.ok) return { passed: false, says: found.says }
  const service = found.value
  const { binary, configPath } = service
  const test = await host.ask({ tool: 'fpm-config-test', binary, config: configPath, planned })
  if (!test.ok) return { passed: false, says: `Whether FPM accepts ${configPath} cannot be told: ${test.says}.` }
  if (test.value.exitCode !== 0) {
    return {
      passed: false,
      says: `FPM refuses ${configPath} (exit code ${test.value.exitCode}): ${firstLines(test.value.stderr)}`,
    }
  }
  const prefix = fpmPrefix(binary)
  const config = await readWithFiles(plannedView(host, planned), (sources) =>
    readFpmConfig(
      configPath,
      (path) => sources.read(path),
      (pattern) => sources.glob(pattern),
      prefix,
    ),
  )
  if (!config.ok) return { passed: false, says: `${configPath} is not understood: ${redactProse(config.says)}.` }
  const { fails, couldNotTell } = judgePreflight(
    config.value,
    prefix,
    await preflightFacts(host, service, config.value, prefix),
  )
  if (fails.length > 0) {
    return {
      passed: false,
      says: `\`php-fpm -t\` passes, but the master would die on reading this: ${redactProse(fails.join(' '))}`,
    }
  }
  const notes = couldNotTell.length > 0 ? ` Could not tell: ${redactProse(couldNotTell.join(' '))}` : ''
  return { passed: true, says: `FPM accepts the configuration of ${name}.${notes}`, service, config: config.value }
}

async function findService(
  host: ReadHost,
  name: string,
): Promise<{ ok: true; value: FpmService } | { ok: false; says: string }> {
  const processes = await host.processes()
  const units = processes.ok ? await readUnits(host) : processes
  if (!processes.ok || !units.ok)
    return { ok: false, says: `The configuration of ${name} cannot be tested: ${units.ok ? '' : units.says}.` }
  const { services } = await findFpmServices(host, processes.value, units.value)
  const service = services.find((each) => each.service === name)
  return service
    ? { ok: true, value: service }
    : { ok: false, says: `There is no PHP-FPM service ${name} on this host.` }
}

/** The lines that say why; the last ones FPM prints only repeat that it failed. */
function firstLines(stderr: string): string {
  const lines = redactProse(forPeople(stderr))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.slice(0, shownLines).join(' · ') || 'it does not say why.'
}

const shownLines = 4
