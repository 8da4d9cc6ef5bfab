/** Which patterns a block of nginx's configuration includes: the tree has what they bring, and not the patterns. */
import type { NginxConfig, NginxDirective } from './nginx-config.ts'
import { nginxTokens } from './nginx-tokens.ts'

/** Of the file that the block stands in, directly between its braces, in order. */
export function includesIn(config: NginxConfig, block: NginxDirective): readonly string[] {
  const text = config.files.find(({ path }) => path === block.path)?.text ?? ''
  if (!block.bodySpan) return []
  const { tokens } = nginxTokens(text.slice(block.bodySpan.start, block.bodySpan.end))
  const found: string[] = []
  let depth = 0
  let words: string[] = []
  for (const token of tokens) {
    if (token.is === 'word') words.push(token.value)
    if (token.is === '{') depth += 1
    if (token.is === '}') depth -= 1
    if (token.is === ';' && depth === 0 && words[0] === 'include' && words[1] !== undefined) found.push(words[1])
    if (token.is === ';' || token.is === '{' || token.is === '}') words = []
  }
  return found
}
