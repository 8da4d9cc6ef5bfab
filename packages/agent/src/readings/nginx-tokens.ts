/**
 * nginx's configuration as words, `;`, `{`, `}`, comments and Lua, each with its place, by the rules of
 * `ngx_conf_read_token` (src/core/ngx_conf_file.c). What nginx refuses is refused here in nginx's words.
 */
import { luaBlock } from './nginx-lua-block.ts'
import { remembered } from './remembered.ts'
import type { Span } from './splice.ts'

export type NginxToken =
  | { readonly is: 'word'; readonly value: string; readonly span: Span; readonly line: number }
  | { readonly is: ';' | '{'; readonly span: Span; readonly line: number }
  | { readonly is: '}' | 'comment' | 'lua'; readonly span: Span; readonly line: number }

export interface NginxTokens {
  /** In order; between them stand only blanks, tabs and line ends. */
  readonly tokens: readonly NginxToken[]
  /** Where reading stopped: the end of the text, or what nginx would not accept. */
  readonly stopped: { readonly at: 'end'; readonly line: number } | Refused
}

interface Refused {
  readonly at: 'refused'
  readonly says: string
  readonly line: number
}

/** NGX_CONF_BUFFER: a word or a comment must fit into nginx's read buffer, unless the file ends before it is full. */
const bufferBytes = 4096

export const nginxTokens = remembered(scan)

function scan(text: string): NginxTokens {
  const tokens: NginxToken[] = []
  let at = 0
  let line = 1
  /** Of the directive being read: how many words it has, and its name. */
  let words = 0
  let name = ''

  for (;;) {
    const blanks = skip(blank, text, at)
    line += lineEnds(text, at, blanks)
    at = blanks
    const char = text.charAt(at)
    if (char === '') {
      if (words === 0) return { tokens, stopped: { at: 'end', line } }
      return { tokens, stopped: refused('unexpected end of file, expecting ";" or "}"', line) }
    }
    if (char === '#') {
      const end = skip(untilLineEnd, text, at)
      if (overflows(text, at, end)) return { tokens, stopped: tooLong(text, at, line) }
      tokens.push({ is: 'comment', span: { start: at, end }, line })
      at = end
    } else if (char === ';' || char === '{' || char === '}') {
      if ((words === 0) !== (char === '}')) return { tokens, stopped: refused(`unexpected "${char}"`, line) }
      tokens.push({ is: char, span: { start: at, end: at + 1 }, line })
      at += 1
      words = 0
      if (char === '{' && name.endsWith('_by_lua_block')) {
        const lua = luaBlock(text, at)
        if (!lua.ok) return { tokens, stopped: refused(lua.says, line + lineEnds(text, at, lua.at)) }
        tokens.push({ is: 'lua', span: { start: at, end: lua.end }, line })
        line += lineEnds(text, at, lua.end)
        at = lua.end
      }
    } else {
      const word = char === '"' || char === "'" ? quotedWord(text, at, line, char) : plainWord(text, at, line)
      if (word.at === 'refused') return { tokens, stopped: word }
      tokens.push({ is: 'word', value: unescaped(word.raw), span: { start: at, end: word.end }, line })
      if (words === 0) name = unescaped(word.raw)
      words += 1
      line += lineEnds(text, at, word.end)
      at = word.end
    }
  }
}

interface Word {
  readonly at: 'word'
  readonly end: number
  /** As written, without quotes. */
  readonly raw: string
}

/** Up to a blank, `;` or `{`. A `{` after `$` belongs to the word, and so does each `{` directly after that one. */
function plainWord(text: string, start: number, line: number): Word | Refused {
  const end = skip(plainText, text, start)
  if (overflows(text, start, withBlank(text, end))) return tooLong(text, start, line)
  if (end === text.length)
    return refused('unexpected end of file, expecting ";" or "}"', line + lineEnds(text, start, end))
  return { at: 'word', end, raw: text.slice(start, end) }
}

/** Up to the closing quote, after which nginx wants a blank, `;`, `{` or `)`. */
function quotedWord(text: string, start: number, line: number, quote: '"' | "'"): Word | Refused {
  const inside = start + 1
  const close = skip(quote === '"' ? doubleQuotedText : singleQuotedText, text, inside)
  if (overflows(text, inside, close)) {
    return refused(`too long parameter, probably missing terminating "${quote}" character`, line)
  }
  const endLine = line + lineEnds(text, start, close)
  if (close === text.length) return refused('unexpected end of file, expecting ";" or "}"', endLine)
  const end = close + 1
  if (overflows(text, inside, withBlank(text, end))) return tooLong(text, inside, line)
  const next = text.charAt(end)
  if (!/^[ \t\r\n;{)]?$/.test(next)) return refused(`unexpected "${next}"`, endLine)
  return { at: 'word', end, raw: text.slice(inside, close) }
}

// Sticky; the alternatives of each begin differently, so there is nothing to go back for.
const blank = /[ \t\r\n]*/y
const untilLineEnd = /[^\n]*/y
const plainText = /[^\\$ \t\r\n;{]*(?:(?:\\[^]|\$\{*)[^\\$ \t\r\n;{]*)*\\?/y
const doubleQuotedText = /[^\\"]*(?:\\[^][^\\"]*)*\\?/y
const singleQuotedText = /[^\\']*(?:\\[^][^\\']*)*\\?/y

function skip(what: RegExp, text: string, from: number): number {
  what.lastIndex = from
  what.test(text)
  return what.lastIndex
}

/** Whether nginx's buffer is full before the byte at `end` is reached, and the file goes on. */
function overflows(text: string, start: number, end: number): boolean {
  return end - start >= bufferBytes && text.length > start + bufferBytes
}

/** nginx still holds a word when it reads the blank after it, and lets go of it at the byte after that. */
function withBlank(text: string, end: number): number {
  return /^[ \t\r\n]$/.test(text.charAt(end)) ? end + 1 : end
}

function tooLong(text: string, start: number, line: number): Refused {
  return refused(`too long parameter "${text.slice(start, start + 10)}..." started`, line)
}

function refused(says: string, line: number): Refused {
  return { at: 'refused', says, line }
}

function lineEnds(text: string, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; at++) if (text.charCodeAt(at) === lineFeed) count += 1
  return count
}

const lineFeed = 10

/** `\"` `\'` `\\` `\t` `\r` `\n` become their character; the backslash of any other stays, as regular expressions need it. */
function unescaped(raw: string): string {
  return raw.includes('\\') ? raw.replace(/\\(["'\\trn])/g, (_, char: string) => controls[char] ?? char) : raw
}

const controls: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' }
