/**
 * Hides values that may be secrets in configuration, before anybody sees or signs a document. The text's shape stays, so
 * that a diff of redacted texts has the same lines as a diff of the real ones.
 */
import { nginxTokens, type NginxToken } from '../readings/nginx-tokens.ts'
import { remembered } from '../readings/remembered.ts'
import { showAssignments, showIniValue, type Shown } from './ini-secrets.ts'
import { nameItself, secretArgs } from './nginx-secrets.ts'
import { redactRest } from './redact-prose.ts'
import { HIDDEN } from './secret-words.ts'

export interface Redacted {
  readonly text: string
  /** Line numbers, from 0, in which something was hidden. */
  readonly hiddenLines: ReadonlySet<number>
  /** What directives had as their values; what was hidden by its shape alone is not among them. */
  readonly hidden: readonly HiddenValue[]
}

export interface HiddenValue {
  readonly name: string
  readonly value: string
}

export function redactConfig(text: string): Redacted {
  const hidden: HiddenValue[] = []
  const shown = redactValues(text, hidden, redactRemark)
    .split('\n')
    .map((line) => redactRest(line))
  const hiddenLines = new Set<number>()
  for (const [number, line] of text.split('\n').entries()) if (line !== shown[number]) hiddenLines.add(number)
  return { text: shown.join('\n'), hiddenLines, hidden }
}

/** Those values alone, for each look: a fraction of the work, because nobody is shown the rest. */
export const hiddenValues = remembered((text): readonly HiddenValue[] => {
  const hidden: HiddenValue[] = []
  redactValues(text, hidden, (line) => line)
  return hidden
})

/** How what stands in a comment is shown. */
type Remark = (line: string) => string

function redactValues(text: string, hidden: HiddenValue[], remark: Remark): string {
  if (isRotation(text)) return text
  return isIni(text) ? redactIni(text, hidden, remark) : redactNginx(text, hidden, remark)
}

const SECTION = /^\s*\[[^\]]*\]/
const ASSIGNMENT = /^(\s*[;#]*\s*)([A-Za-z_][\w.:-]*(?:\[[^\]]*\])?)(\s*=\s*)(.*?)(\s*)$/

/** For logrotate: nothing but paths, numbers and these words of its own. */
function isRotation(text: string): boolean {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.length > 0 && lines.every((line) => ROTATION.test(line))
}

const ROTATION =
  /^(?:\/[\w./-]+ \{|\}|\t(?:rotate \d+|weekly|missingok|notifempty|compress|delaycompress|copytruncate))$/

/** By its first line that says anything: a directive of nginx never has a `=` behind its name, and no line in `[ ]`. */
function isIni(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const first = lines.find((line) => !/^\s*[;#]/.test(line)) ?? lines.find((line) => ASSIGNMENT.test(line)) ?? ''
  return SECTION.test(first) || ASSIGNMENT.test(first)
}

function redactIni(text: string, hidden: HiddenValue[], remark: Remark): string {
  /** How the next line goes on with the value of this one. */
  let open: 'assignments' | 'quotation' | null = null
  let name = ''
  const take = ({ value, hidden: values }: Shown): string => {
    hidden.push(...values.map((each) => ({ name, value: each })))
    return value
  }
  const shown = text.split('\n').map((line) => {
    if (open === 'quotation') {
      if (line.includes('"')) open = null
      hidden.push({ name, value: line.replace(/".*$/, '').trim() })
      return HIDDEN
    }
    if (open === 'assignments') {
      if (!line.endsWith('\\')) open = null
      return take(showAssignments(line))
    }
    const [, lead = '', found = '', equals = '', value = '', trail = ''] = ASSIGNMENT.exec(line) ?? []
    if (found === '') return /^\s*[;#]/.test(line) ? remark(line) : line
    name = found
    const told = take(showIniValue(name, value))
    const isRemark = /[;#]/.test(lead)
    if (!isRemark && name === 'Environment' && value.endsWith('\\')) open = 'assignments'
    // A quoted value goes on over line breaks until it is closed: in php.ini, and where FPM then refuses it.
    else if (!isRemark && told === HIDDEN && /^"(?:[^"\\]|\\.)*$/.test(value)) open = 'quotation'
    return `${lead}${name}${equals}${told}${trail}`
  })
  return shown.join('\n')
}

function redactNginx(text: string, hidden: HiddenValue[], remark: Remark): string {
  const { tokens, stopped } = nginxTokens(text)
  const pieces: string[] = []
  let at = 0
  const upTo = (start: number): void => void pieces.push(text.slice(at, start))
  const replace = ({ span }: NginxToken, shown: (written: string) => string): void => {
    upTo(span.start)
    pieces.push(shown(text.slice(span.start, span.end)))
    at = span.end
  }
  const blocks: (readonly string[])[] = []
  let words: Extract<NginxToken, { is: 'word' }>[] = []
  /** Comments within a directive wait for its end, so that the pieces come in order. */
  let remarks: NginxToken[] = []
  const flush = (): void => {
    const [first, ...args] = words
    const values = args.map(({ value }) => value)
    const secret = first ? secretArgs(first.value, values, blocks.at(-1) ?? []) : []
    const hide = words.filter((_, index) => secret.includes(index - 1) || (index === 0 && secret.includes(nameItself)))
    for (const token of [...hide, ...remarks].toSorted((a, b) => a.span.start - b.span.start)) {
      const [block = '', source = ''] = blocks.at(-1) ?? []
      const name = block === 'map' ? source : `${first?.value} ${values[0]}`
      if (token.is === 'word') hidden.push({ name, value: token.value })
      replace(token, token.is === 'comment' ? remark : linesHidden)
    }
    remarks = []
  }
  for (const token of tokens) {
    if (token.is === 'word') words.push(token)
    else if (token.is === 'comment') remarks.push(token)
    else {
      flush()
      if (token.is === 'lua') replace(token, linesHidden)
      if (token.is === '{') blocks.push(words.map(({ value }) => value))
      if (token.is === '}') blocks.pop()
      words = []
    }
  }
  flush()
  const end = tokens.at(-1)?.span.end ?? 0
  upTo(Math.max(at, end))
  at = Math.max(at, end)
  // What nginx refuses cannot be told apart: a quotation may have begun anywhere.
  pieces.push(stopped.at === 'end' ? text.slice(at) : linesHidden(text.slice(at)))
  return pieces.join('')
}

/** A directive that is commented out is judged as one; of other remarks on secrets only the beginning is shown. */
function redactRemark(line: string): string {
  const [, lead = '', body = ''] = /^(\s*[;#]+\s*)(.*)$/s.exec(line) ?? []
  const isDirective = /^[a-z_]+\s[^#]*[;{}]\s*$/.test(body) || /^[a-z]+(?:_[a-z]+)+\s/.test(body)
  // One that was cut off in the middle of its quotation ends with the file.
  const isTorn = /^[a-z_]+\s/.test(body) && body.split('"').length % 2 === 0
  if (isDirective || isTorn) return `${lead}${redactNginx(body, [], redactRemark)}`
  return line.replace(/(\b(?:password|passwd|passphrase|secret|token|api[_ -]?key|credentials?)\b).*/i, `$1 ${HIDDEN}`)
}

function linesHidden(written: string): string {
  return written.replace(/[^\n]*\S[^\n]*/g, HIDDEN)
}
