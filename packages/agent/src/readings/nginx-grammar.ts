/**
 * What nginx's reader knows of a directive before its module sees it: whether it opens a block, what may stand in that
 * block, and how includes work there. Only names whose shape is certain are listed; modules bring others.
 */

/**
 * What stands in a block. Where nginx gives a block's lines to a handler (`cf->handler`) they are entries, not
 * directives: no block may stand there, and `include` works in `types` and `map` as elsewhere, in `geo` without
 * patterns, in the others not at all.
 */
const includesIn = {
  directives: 'pattern',
  types: 'pattern',
  map: 'pattern',
  geo: 'path',
  split_clients: 'none',
  charset_map: 'none',
} as const

export type NginxGrammar = keyof typeof includesIn

/** What stands in a block of this name. */
export function grammarOf(block: string): NginxGrammar {
  return Object.hasOwn(includesIn, block) ? (block as NginxGrammar) : 'directives'
}

export function includesOf(grammar: NginxGrammar): 'pattern' | 'path' | 'none' {
  return includesIn[grammar]
}

/**
 * What nginx says of a directive that cannot be one by its name, or that ends in the wrong one of `;` and `{`. Null when
 * it is well, or only a module knows.
 */
export function misfit(name: string, end: ';' | '{', grammar: NginxGrammar, parent: string | null): string | null {
  if (grammar !== 'directives') return end === '{' ? 'unexpected "{"' : null
  // No directive has such a name: it is a piece of something torn apart, or begins with a byte order mark.
  if (!/^[A-Za-z0-9_]+$/.test(name)) return `unknown directive "${name}"`
  if (end === '{') return simple.has(name) ? `directive "${name}" is not terminated by ";"` : null
  const isBlock = blocks.has(name) && !(name === 'server' && parent === 'upstream')
  return isBlock ? `directive "${name}" has no opening "{"` : null
}

const blocks: ReadonlySet<string> = new Set([
  ...['events', 'http', 'mail', 'stream', 'server', 'upstream', 'location', 'if', 'limit_except'],
  ...['types', 'map', 'geo', 'split_clients', 'charset_map'],
])

/** Directives that stand before a block in real files: without their `;` they swallow its name. */
const simple: ReadonlySet<string> = new Set([
  ...['include', 'user', 'pid', 'worker_processes', 'worker_connections', 'listen', 'server_name', 'root', 'alias'],
  ...['index', 'try_files', 'return', 'rewrite', 'set', 'error_page', 'access_log', 'error_log', 'log_format'],
  ...['default_type', 'sendfile', 'keepalive_timeout', 'client_max_body_size', 'server_tokens', 'gzip', 'add_header'],
  ...['fastcgi_pass', 'fastcgi_param', 'fastcgi_index', 'fastcgi_read_timeout', 'fastcgi_split_path_info'],
  ...['proxy_pass', 'proxy_set_header', 'ssl_certificate', 'ssl_certificate_key', 'allow', 'deny', 'internal'],
])
