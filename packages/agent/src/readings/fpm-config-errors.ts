/** Why FPM refuses its configuration or cannot start, from what it writes to stderr (and so to the journal). */

export interface FpmConfigError {
  readonly path?: string
  /** As FPM counts: in the main file, lines behind an include have a wrong number (`fpm_conf.c`, `ini_lineno`). */
  readonly line?: number
  readonly pool?: string
  /** FPM's words, without its prefix and without the place. */
  readonly says: string
}

/** Causes only, in order: what FPM says in consequence ("failed to load …", "Unable to include …") is left out. */
export function readFpmConfigErrors(stderr: string): readonly FpmConfigError[] {
  const errors: FpmConfigError[] = []
  for (const line of stderr.split('\n')) {
    const message = messageOf(line)
    if (message === null) continue
    const path = unsuccessfulFile(message)
    if (path !== null) place(errors, path)
    else if (!CLOSING.test(message)) errors.push(readMessage(message))
  }
  return errors
}

/** `[date] ERROR: …`, or `[ERROR] …` with `error_log = syslog`; the source comes along with `log_level = debug`. */
const PREFIX =
  /^(?:\[\d\d-\w{3}-\d{4} [\d:.]+\] )?\[?(ALERT|ERROR|WARNING|NOTICE)(?::|\]) (?:(?:pid \d+, )?\w+\(\), line \d+: )?(.*)$/
/** The ini parser prints by itself. Each line is a text of its own to it, so every error is "in Unknown on line 1". */
const GRAMMAR = /^PHP: {2}(syntax error, .*?)(?: in Unknown on line \d+)?$/
/** A start-up failure of PHP, such as a missing opcache.preload file, is no error of FPM's own. */
const FATAL = /^(?:PHP message: )?(PHP Fatal error: .*?)(?: in Unknown on line \d+)?$/
const CLOSING = /^(?:FPM initialization failed|failed to post process the configuration)$/

function messageOf(line: string): string | null {
  const text = line.trimEnd()
  const grammar = GRAMMAR.exec(text)?.[1]
  if (grammar !== undefined) return grammar
  const [, level, message = text] = PREFIX.exec(text) ?? []
  if (level === 'ALERT' || level === 'ERROR') return message
  // A missing include is a warning; what follows from it ("No pool defined") does not name it.
  if (level === 'WARNING') return message.startsWith('Nothing matches the include pattern') ? message : null
  return FATAL.exec(message)?.[1] ?? null
}

/** The innermost file is named first, by the include that failed or, for the main file, by the last word on loading. */
function unsuccessfulFile(message: string): string | null {
  const [, included, main] =
    /^(?:Unable to include (.+) from .+ at line \d+|failed to load configuration file '(.+)')$/.exec(message) ?? []
  return included ?? main ?? null
}

function place(errors: FpmConfigError[], path: string): void {
  const last = errors.at(-1)
  if (last && last.path === undefined && last.pool === undefined && HAPPENS_IN_A_FILE.test(last.says)) {
    errors[errors.length - 1] = { path, ...last }
  }
}

const HAPPENS_IN_A_FILE = /^(?:syntax error|failed to include more than)/

function readMessage(message: string): FpmConfigError {
  const located = /^\[(\/[^\]]*):(\d+)\] (.*)$/.exec(message)
  if (located) return { path: located[1] ?? '', line: Number(located[2]), says: located[3] ?? '' }
  const inPool = /^\[pool ([^\]]*)\] (.*)$/.exec(message)
  if (inPool) return { pool: inPool[1] ?? '', says: inPool[2] ?? '' }
  const include =
    /^((?:Nothing matches the include pattern|Unable to globalize) .*) from (\/.*) at line (\d+)\.?$/.exec(message)
  if (include) return { path: include[2] ?? '', line: Number(include[3]), says: include[1] ?? '' }
  const unopened = /^failed to open configuration file '(.*)': /.exec(message)
  if (unopened) return { path: unopened[1] ?? '', says: message }
  return { says: message }
}
