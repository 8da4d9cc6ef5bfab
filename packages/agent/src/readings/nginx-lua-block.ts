/**
 * Where a `*_by_lua_block { … }` of ngx_lua ends. Its text is Lua, read by a lexer of its own (`ngx_http_lua_lex`, its
 * rules stand in ngx_lua's util/gen-lexer-c): braces count only outside Lua's strings and comments.
 */

export type LuaBlock =
  | { readonly ok: true; readonly end: number }
  /** In ngx_lua's words; `at` is the place it names. */
  | { readonly ok: false; readonly says: string; readonly at: number }

/** Leftmost first, and of those that begin together the one that stands first here. */
const luaToken = /[{}]|\[=*\[|--\[=*\[|--[^\n]*|["']/g
const strings = { '"': /(?:\\[^\n]|[^"\n\\])*("?)/y, "'": /(?:\\[^\n]|[^'\n\\])*('?)/y }
const longBracket = /^(?:--)?\[=*\[$/

/** From `start`, just after the opening brace, to the closing one. */
export function luaBlock(text: string, start: number): LuaBlock {
  let depth = 1
  let innermost = start
  /** Up to where a quote of this kind is known not to close: each that follows was escaped when the first was tried. */
  const unclosed = { '"': start, "'": start }
  luaToken.lastIndex = start
  for (let found = luaToken.exec(text); found; found = luaToken.exec(text)) {
    const [token] = found
    if (token === '{') {
      depth += 1
      innermost = found.index
    } else if (token === '}') {
      depth -= 1
      if (depth === 0) return { ok: true, end: found.index }
    } else if (token === '"' || token === "'") {
      if (found.index < unclosed[token]) continue
      const string = strings[token]
      string.lastIndex = luaToken.lastIndex
      const isClosed = string.exec(text)?.[1] !== ''
      if (isClosed) luaToken.lastIndex = string.lastIndex
      else unclosed[token] = string.lastIndex
    } else if (longBracket.test(token)) {
      const bracket = token.replace('--', '').replaceAll('[', ']')
      const close = text.indexOf(bracket, luaToken.lastIndex)
      if (close === -1) return { ok: false, says: missing(bracket), at: found.index }
      luaToken.lastIndex = close + bracket.length
    }
  }
  const says = 'unexpected end of file, expecting terminating characters for lua code block'
  return { ok: false, says, at: innermost }
}

function missing(bracket: string): string {
  return `Lua code block missing the closing long bracket "${bracket}", the inlined Lua code may be too long`
}
