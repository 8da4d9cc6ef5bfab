/**
 * Who may approve: `/etc/fleetmend/approvers`, in OpenSSH's *allowed signers* format (ssh-keygen(1)), so that the file
 * also serves stock `ssh-keygen -Y verify`. One key is one person: whatever could stand for more is refused, line by
 * line, and a refused line approves nothing.
 */
import { readSshPublicKey } from './ssh-public-key.ts'
import { strictBase64 } from './ssh-wire.ts'

export interface Approver {
  readonly principal: string
  /** `SHA256:…` of the one key. */
  readonly fingerprint: string
  /** `null`: any. */
  readonly namespaces: readonly string[] | null
  readonly validAfterMs: number | null
  /** Still valid at this instant, as in OpenSSH. */
  readonly validBeforeMs: number | null
  readonly line: number
}

export interface RefusedLine {
  readonly line: number
  readonly says: string
  /** Of the key in it, where one can be read: whoever signs with it is told that their line is the trouble. */
  readonly fingerprint: string | null
}

export interface Approvers {
  readonly approvers: readonly Approver[]
  readonly refused: readonly RefusedLine[]
}

export function readApprovers(text: string): Approvers {
  const approvers: Approver[] = []
  const refused: RefusedLine[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const content = raw.replace(/\r$/, '').trim()
    if (content === '' || content.startsWith('#')) continue
    const read = readLine(content, index + 1)
    if (typeof read === 'string') refused.push({ line: index + 1, says: read, fingerprint: fingerprintIn(content) })
    else approvers.push(read)
  }
  return refuseSharedKeys(approvers, refused)
}

function fingerprintIn(content: string): string | null {
  const words = content.split(/\s+/)
  const at = words.findIndex(isKeyTypeWord)
  const blob = at < 0 ? null : strictBase64(words[at + 1] ?? '')
  const key = blob && readSshPublicKey(blob)
  return key?.ok ? key.value.fingerprint : null
}

/** Words are separated by blanks; a quoted part may hold blanks and, escaped, a quote. */
const WORD = /^(?:"(?:\\"|[^"])*"|[^\s"])+/

/** An approver, or what is wrong with the line. */
function readLine(content: string, line: number): Approver | string {
  const [principalWord, afterPrincipal] = nextWord(content)
  const principal = readPrincipal(principalWord)
  if (!principal.ok) return principal.says

  const [first, afterFirst] = nextWord(afterPrincipal)
  const hasOptions = !isKeyTypeWord(first)
  const [type, afterType] = hasOptions ? nextWord(afterFirst) : [first, afterFirst]
  const [base64] = nextWord(afterType)
  if (!isKeyTypeWord(type) || base64 === '')
    return 'there is no key where one is expected (principal, options, type, key)'

  const options = readOptions(hasOptions ? first : '')
  if (typeof options === 'string') return options
  const blob = strictBase64(base64)
  if (blob === null) return 'the key is not base64'
  const key = readSshPublicKey(blob)
  if (!key.ok) return key.says
  if (key.value.type !== type) return `the key says that it is ${key.value.type}, not ${type}`
  return { principal: principal.value, fingerprint: key.value.fingerprint, ...options, line }
}

function nextWord(text: string): readonly [word: string, rest: string] {
  const word = WORD.exec(text)?.[0] ?? ''
  return [word, text.slice(word.length).trimStart()]
}

/** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `sk-…@openssh.com`, also of kinds that are refused later with a better reason. */
function isKeyTypeWord(word: string): boolean {
  return /^(ssh|ecdsa|sk|rsa|webauthn)-[a-z0-9-]+(@openssh\.com)?$/.test(word)
}

function readPrincipal(word: string): { ok: true; value: string } | { ok: false; says: string } {
  const name = word.replace(/^"(.*)"$/, '$1')
  const says = whatIsWrongWithPrincipal(name)
  return says === null ? { ok: true, value: name } : { ok: false, says }
}

function whatIsWrongWithPrincipal(name: string): string | null {
  if (name === '') return 'there is no principal'
  if (name.includes(',')) return 'two principals share one key; give each person a key and a line of their own'
  if (name.startsWith('!')) return 'a principal is negated; name the person instead'
  if (/[*?]/.test(name)) return 'the principal is a pattern; name one person'
  if (!/^[\x21-\x7e]+$/.test(name) || name.includes('"')) return 'the principal is not a plain name'
  return null
}

type Options = Pick<Approver, 'namespaces' | 'validAfterMs' | 'validBeforeMs'>

/** One option: a name, or a name with a quoted value. Names are the same in upper and lower case. */
const OPTION = /^([A-Za-z-]+)(?:="((?:\\"|[^"])*)")?(?:,|$)/

function readOptions(text: string): Options | string {
  let namespaces: Options['namespaces'] = null
  let validAfterMs: number | null = null
  let validBeforeMs: number | null = null
  const seen = new Set<string>()
  for (let rest = text; rest !== '';) {
    const option = OPTION.exec(rest)
    if (option === null) return 'the options cannot be read; write name="value", separated by commas'
    const [whole, written = '', value] = option
    if (whole.endsWith(',') && whole.length === rest.length) return 'the options end with a comma'
    rest = rest.slice(whole.length)
    const name = written.toLowerCase()
    if (seen.has(name)) return `the option ${name} is there twice`
    seen.add(name)

    if (name === 'cert-authority') return 'a certificate authority stands for many people; list their keys instead'
    if (name === 'namespaces') {
      namespaces = readNamespaces(value)
      if (namespaces === null) return 'namespaces must be named in full, without patterns'
    } else if (name === 'valid-after' || name === 'valid-before') {
      const atMs = readTimestamp(value ?? '')
      if (atMs === null) return `${name} must be a date such as "20261121" or "20261121031500Z"`
      if (name === 'valid-after') validAfterMs = atMs
      else validBeforeMs = atMs
    } else {
      return `the option ${name} is not known`
    }
  }
  if (validAfterMs !== null && validBeforeMs !== null && validAfterMs >= validBeforeMs) {
    return 'valid-before is not after valid-after'
  }
  return { namespaces, validAfterMs, validBeforeMs }
}

function readNamespaces(value: string | undefined): readonly string[] | null {
  const names = (value ?? '').split(',')
  return names.every((name) => /^[\x21-\x7e]+$/.test(name) && !/[*?!"\\]/.test(name)) ? names : null
}

const TIMESTAMP = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z|UTC)?$/i

/** As OpenSSH reads it: the host's own time zone unless `Z` or `UTC` ends it. Days that do not exist are refused. */
function readTimestamp(text: string): number | null {
  const match = TIMESTAMP.exec(text)
  if (match === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const asUtc = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  const exists =
    asUtc.getUTCMonth() === month - 1 &&
    asUtc.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60 &&
    year >= 1970
  if (!exists) return null
  return match[7] !== undefined ? asUtc.getTime() : new Date(year, month - 1, day, hour, minute, second).getTime()
}

/** A key that stands twice is refused wherever it stands: nobody could say whose it is, or which options hold. */
function refuseSharedKeys(approvers: readonly Approver[], refused: readonly RefusedLine[]): Approvers {
  const lines = Map.groupBy(approvers, ({ fingerprint }) => fingerprint)
  const shared = approvers.flatMap(({ fingerprint, line }) => {
    const others = (lines.get(fingerprint) ?? []).filter((other) => other.line !== line).map((other) => other.line)
    return others.length === 0
      ? []
      : [{ line, says: `its key also stands in line ${others.join(' and ')}; one key is one person`, fingerprint }]
  })
  return {
    approvers: approvers.filter(({ fingerprint }) => lines.get(fingerprint)?.length === 1),
    refused: [...refused, ...shared].toSorted((a, b) => a.line - b.line),
  }
}
