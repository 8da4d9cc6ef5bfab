/**
 * Hides what may be secret in sentences: lines of logs, what programs say, commands that somebody ran. By the shape of
 * what surrounds it, and by the values that the host's own configuration hides. Visitors write these texts: no
 * choice in a repetition may begin as another one does, or a few quotes would keep it busy for hours.
 */
import { HIDDEN, isHarmless, isSecretName, looksRandom } from './secret-words.ts'

interface Rule {
  readonly what: string
  readonly pattern: RegExp
  readonly hide: (match: string, ...groups: string[]) => string
  /** Configuration has regular expressions and variables where sentences have questions. */
  readonly proseOnly?: true
}

const after = (_: string, before = ''): string => `${before}${HIDDEN}`

/** In this order: what takes the rest of a line comes before what takes a word of it. */
const rules: readonly Rule[] = [
  {
    what: 'a private key',
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    hide: () => HIDDEN,
  },
  {
    what: 'what systemd quotes of an assignment that it does not understand',
    pattern: /((?:Invalid environment assignment|Unbalanced quoting|Ignoring unknown escape sequences)\b[^:]*: ).*/g,
    hide: after,
  },
  {
    what: 'a header of HTTP that says who asks: to the end of its line, or of the quotation it stands in',
    pattern:
      /(\b(?:(?:proxy-)?authorization|(?:set-)?cookie2?|x-[\w-]*(?:key|token|secret|auth|signature)[\w-]*)\\?["']?\s*(?:=>|:)\s*["']?)[^\n]*?(?=", (?:client|host|server|request|referrer|upstream)\b|["'] -|["']?$|\n)/gim,
    hide: after,
  },
  {
    what: 'the user and the password of an address',
    pattern: /((?<![\w+.-])[a-z][\w+.-]*:\/\/)[^\s"'<>@/]*:[^\s"'<>]*(@)/gi,
    hide: (_, scheme = '', at = '') => `${scheme}${HIDDEN}${at}`,
  },
  {
    what: 'the beginning of such a password, where the line was cut',
    pattern: /((?<![\w+.-])[a-z][\w+.-]*:\/\/)(?!unix:)[^\s"'<>@/[\]:•]*:(?!\d{1,5}(?![\w-]))(?![/$•])[^\s"'<>]+/gi,
    hide: after,
  },
  {
    what: 'a token in the place of a user',
    pattern: /((?<![\w+.-])[a-z][\w+.-]*:\/\/)[^\s"'<>@/:•]{12,}(@)/gi,
    hide: (_, scheme = '', at = '') => `${scheme}${HIDDEN}${at}`,
  },
  {
    what: 'the query of an address, which may hold blanks in a request line',
    pattern: /(\b[A-Z]{3,10} \/[^\s?"]*\?)(?!\s)[^"\n]*?(?= HTTP\/\d|"|\n|$)/g,
    hide: after,
    proseOnly: true,
  },
  {
    what: 'the query of an address, and what stands behind a #',
    pattern: /[^\s"'<>]+/g,
    hide: (word) => {
      const begins = word.search(/[?#]/) + 1
      const isQuery =
        begins > 1 && word.slice(0, begins).includes('/') && !/^(?:$|[•:=!$)|{\\])/.test(word.slice(begins))
      return isQuery ? `${word.slice(0, begins)}${HIDDEN}` : word
    },
    proseOnly: true,
  },
  {
    what: 'a written value in a query',
    pattern: /([?&]([\w.[\]-]+)=)(?![$&•])([^&\s"';]+)/g,
    hide: (match, before = '', name = '', value = '') => (isHarmless(name, value) ? match : `${before}${HIDDEN}`),
  },
  {
    what: 'a session in a path',
    pattern: /(;(?:jsessionid|phpsessid|sid|s)=)[^\s"'/?#;]+/gi,
    hide: after,
  },
  {
    what: 'what functions were called with, in a stack trace: to the end of the line, because arguments nest',
    pattern: /((?<=\(\d{1,9}\): )[\w\\:>{}$-]+\()(?!\))[^\n]+/g,
    hide: (_, before = '') => `${before}${HIDDEN})`,
  },
  {
    what: 'a text that PHP did not expect in a script',
    pattern:
      /(unexpected (?:(?:double|single)-quoted )?string(?: content)?,? )(?:"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)/g,
    hide: after,
  },
  {
    what: 'a piece of a torn value, which nginx takes for a directive or for its argument',
    pattern:
      /((?:unknown directive|invalid (?:parameter|value|condition|number of arguments in)|too long parameter) )"([^\n]*?)"(?= |$|\n)/g,
    hide: (match, before = '', piece = '') =>
      isHarmless('', piece) || /^[a-z_]+(?:=[\w.]*)?$/.test(piece) ? match : `${before}"${HIDDEN}"`,
  },
  {
    what: 'options of commands',
    pattern:
      /(\s--?[\w-]*(?:passw(?:or)?d|pass|passphrase|secret|token|api-?key|requirepass|auth)[\w-]*(?:=|\s+))("[^"]*"?|'[^']*'?|[^\s|;&]+)/gi,
    hide: after,
  },
  {
    what: 'the password of a mysql command',
    pattern: /(\b(?:mysql|mariadb)[\w-]*\b[^|;&\n]*?\s-p)("[^"]*"?|'[^']*'?|[^\s|;&]+)/g,
    hide: after,
  },
  {
    what: 'the password of other commands',
    pattern:
      /(\b(?:sshpass\s+-p|redis-cli\b[^|;&\n]*?\s-a|\w*(?:sendmail|ssmtp|mail|msmtp)\b[^|;&\n]*?\s-ap|sendemail\b[^|;&\n]*?\s-xp)\s*)("[^"]*"?|'[^']*'?|[^\s|;&]+)/gi,
    hide: after,
  },
  {
    what: 'user and password of curl and its like',
    pattern: /((?:\s-u|\s--user|\s--proxy-user)[\s=]*["']?[^\s:"'=]+:)[^\s"']+/g,
    hide: after,
  },
  {
    what: 'a scheme of authentication and what follows it',
    pattern: /(\b(?:Bearer|Basic|Digest|Token|Negotiate)\s+)(?=\S*[A-Z0-9=._~+/-])[\w.~+/=-]{6,}/g,
    hide: after,
  },
  {
    what: 'a password told in words',
    pattern:
      /(\b(?:password|passwd|passphrase|secret|api key|credentials)\s+(?:is\s+|was\s+|of\s+)?)("[^"\n]*"?|'[^'\n]*'?)/gi,
    hide: after,
  },
  {
    what: 'a token signed as JWT',
    pattern: /\beyJ[\w-]{6,}(?:\.[\w-]*){0,2}/g,
    hide: () => HIDDEN,
  },
  {
    what: 'keys that bear the name of who gives them out',
    pattern:
      /\b(?:(?:AKIA|ASIA)[0-9A-Z]{12,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|[sprw]k_(?:live|test)_\w{8,}|whsec_\w{8,}|xox[abprs]-[\w-]{8,}|AIza[\w-]{20,}|SG\.[\w.-]{20,}|npm_\w{20,}|key-[0-9a-f]{20,}|dop_v1_\w{20,})/g,
    hide: () => HIDDEN,
  },
  {
    what: 'hashes of passwords',
    pattern:
      /\$(?:2[abxy]?|5|6|1|y|7|apr1|argon2\w*|scrypt)\$[^\s:"']+|\{(?:SSHA|SHA|MD5|PLAIN|CRYPT)[\w-]*\}[^\s:"']+/g,
    hide: () => HIDDEN,
  },
  {
    what: 'what is long and mixed enough to be a key',
    pattern: /[A-Za-z0-9+_-]{24,}={0,2}/g,
    hide: (token) => (looksRandom(token) ? HIDDEN : token),
  },
]

/** `known` are values that the configuration of this host hides: they are hidden wherever they are quoted. */
export function redactProse(text: string, known: readonly string[] = []): string {
  return withRules(hideKnown(cutLines(text), known), rules)
}

/** What is left of a line of configuration once its directive has been judged. */
export function redactRest(line: string): string {
  if (line.length > mostChars) return HIDDEN
  return withRules(line, restRules)
}

const restRules = rules.filter(({ proseOnly }) => proseOnly !== true)

/** Nobody reads on, and some rules look ahead to the end of the line. */
function cutLines(text: string): string {
  if (text.length <= mostChars) return text
  const lines = text.split('\n')
  return lines.map((line) => (line.length > mostChars ? `${line.slice(0, mostChars)} …` : line)).join('\n')
}

const mostChars = 4096

function withRules(text: string, applied: readonly Rule[]): string {
  return applied.reduce((shown, { pattern, hide }) => shown.replace(pattern, hide), hideNamed(text))
}

const NAME = /(?<![\w.-])["']?([A-Za-z_][\w.-]*)(?:\[\w*\])?["'\]\\]*\s*(?:=>|=|:(?![:/]))\s*/g
const VALUE = /\\?"(?:[^"\\]|\\.)*"?|\\?'(?:[^'\\]|\\.)*'?|[^\s,;&)"'\]}|]+/y

/** `password=…`, `"api_key": "…"`, `'secret' => '…'`. Under other names one goes on just behind the name: values nest. */
function hideNamed(text: string): string {
  let shown = ''
  let at = 0
  for (const match of text.matchAll(NAME)) {
    const [whole, name = ''] = match
    if (match.index < at || !isSecretName(name)) continue
    VALUE.lastIndex = match.index + whole.length
    const value = VALUE.exec(text)?.[0]
    if (value === undefined || isHarmless(name, value)) continue
    shown += `${text.slice(at, match.index)}${whole}${HIDDEN}`
    at = match.index + whole.length + value.length
  }
  return shown + text.slice(at)
}

/** The longest first, because one may be part of another; and the beginning of one where a line was cut. */
function hideKnown(text: string, known: readonly string[]): string {
  let shown = text
  for (const value of known.toSorted((a, b) => b.length - a.length)) {
    shown = shown.replaceAll(value, HIDDEN)
    for (let kept = value.length - 1; kept >= leastBytes; kept--) {
      if (!shown.endsWith(value.slice(0, kept))) continue
      shown = `${shown.slice(0, -kept)}${HIDDEN}`
      break
    }
  }
  return shown
}

const leastBytes = 6
