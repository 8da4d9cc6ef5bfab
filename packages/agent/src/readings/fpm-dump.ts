/** What `php-fpm -tt` prints: the effective configuration, in FPM's own words. Tests hold our reading against it. */

/** Section name to directive (`env[PATH]` included) to value. Of a repeated `env[..]` the newest, which FPM prints first. */
export type FpmDump = ReadonlyMap<string, ReadonlyMap<string, string>>

export type FpmDumpReading =
  | { readonly ok: true; readonly value: FpmDump }
  | { readonly ok: false; readonly says: string }

/** Values are as FPM shows them: `undefined` for none, `yes` and `no`, times in whole seconds as `10s`. */
export function readFpmDump(text: string): FpmDumpReading {
  const sections = new Map<string, Map<string, string>>()
  let section: Map<string, string> | undefined
  for (const line of text.split('\n')) {
    const [, name] = SECTION.exec(line) ?? []
    if (name !== undefined) sections.set(name, (section = new Map<string, string>()))
    const [, directive, value] = DIRECTIVE.exec(line) ?? []
    if (directive !== undefined && value !== undefined && section?.has(directive) === false)
      section.set(directive, value)
  }
  if (sections.size > 0) return { ok: true, value: sections }
  return {
    ok: false,
    says: 'FPM printed no configuration: it refuses it, or its log_level is above notice, which silences -tt',
  }
}

/** With `log_level = debug` the source is named, too. A name or a value may hold any byte but a line break. */
const PREFIX = String.raw`^\[[^\]]+\] NOTICE: (?:pid \d+, fpm_conf_dump\(\), line \d+: )?`
const SECTION = new RegExp(String.raw`${PREFIX}\[(.*)\]$`, 's')
const DIRECTIVE = new RegExp(String.raw`${PREFIX}\t(\S.*?) = (.*)$`, 's')
