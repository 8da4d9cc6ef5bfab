/**
 * Hides values that may be secrets, line by line, before anybody sees or signs a document. The text's shape stays, so
 * that a diff of redacted texts has the same lines as a diff of the real ones.
 */

const HIDDEN = '••••••'
const SECRET_NAME = /pass|secret|token|credential|api_?key|private|auth|salt|dsn|cookie/i
/** `name = value`, `env[NAME] = value`, `php_admin_value[name] = value`, `Environment=NAME=value`, `name value;` */
const ASSIGNMENT = /^(\s*;?\s*)([A-Za-z_][\w.:-]*(?:\[[^\]]*\])?)(\s*=\s*|\s+)(.+?)(\s*)$/
const USER_INFO = /(\w+:\/\/[^\s:@/]*:)[^\s@/]+(@)/g
/** Long enough and mixed enough to be a key rather than a word, a path or a number. */
const TOKEN = /[A-Za-z0-9+_-]{24,}={0,2}/g

export interface Redacted {
  readonly text: string
  /** Line numbers, from 0, in which something was hidden. */
  readonly hiddenLines: ReadonlySet<number>
}

export function redact(text: string): Redacted {
  const hiddenLines = new Set<number>()
  const lines = text.split('\n').map((line, number) => {
    const shown = redactLine(line)
    if (shown !== line) hiddenLines.add(number)
    return shown
  })
  return { text: lines.join('\n'), hiddenLines }
}

function redactLine(line: string): string {
  const assignment = ASSIGNMENT.exec(line)
  if (assignment) {
    const [, lead = '', name = '', equals = '', value = '', trail = ''] = assignment
    if (SECRET_NAME.test(name) && !isHarmless(value)) return `${lead}${name}${equals}${HIDDEN}${trail}`
    const inner = /^([A-Za-z_]\w*)=(.+)$/.exec(value)
    if (inner && SECRET_NAME.test(inner[1] ?? '')) return `${lead}${name}${equals}${inner[1]}=${HIDDEN}${trail}`
  }
  return line.replace(USER_INFO, `$1${HIDDEN}$2`).replace(TOKEN, (token) => (looksRandom(token) ? HIDDEN : token))
}

/** Switches and sizes under a secret-sounding name (`session.cookie_secure = on`) hide nothing. */
function isHarmless(value: string): boolean {
  return /^(on|off|yes|no|true|false|none|\d{1,6}[smhdkM]?)\b/i.test(value)
}

/** Digits, upper and lower case together, and no repeated pattern: words and paths have one or two of these. */
function looksRandom(token: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(token)).length
  const distinct = new Set(token).size
  return (kinds === 3 && distinct >= 12) || (/^[0-9a-f]{32,}$/i.test(token) && distinct >= 8)
}
