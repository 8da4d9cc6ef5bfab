/** Where nginx sends a request that comes without a known host name, as a probe does: to PHP-FPM, or not. */
import type { NginxConfig, NginxDirective } from './nginx-config.ts'
import { effectiveDirectives, type NginxLevels } from './nginx-inheritance.ts'
import { defaultListen, readListen } from './nginx-listen.ts'

export interface NginxRoute {
  readonly toPhp: 'yes' | 'no' | 'unknown'
  /** The location that decides; null where none matches. */
  readonly at: NginxDirective | null
}

const unknown: NginxRoute = { toPhp: 'unknown', at: null }
/** nginx itself gives up after ten internal redirects. */
const mostRedirects = 10

export function nginxRoute(config: NginxConfig, port: number, path: string): NginxRoute {
  const servers = config.directives
    .filter(({ name }) => name === 'http')
    .flatMap((http) => (http.block ?? []).filter(({ name }) => name === 'server').map((server) => ({ http, server })))
    .map(({ http, server }) => ({ http, server, listens: listensOf(server) }))
    .filter(({ listens }) => listens.some((listen) => listen.port === port))
  const chosen =
    servers.find(({ listens }) => listens.some((listen) => listen.port === port && listen.isDefault)) ?? servers[0]
  if (!chosen) return unknown
  const levels = [config.directives, chosen.http.block ?? [], chosen.server.block ?? []]
  return routeIn(levels, path.replace(/[?#].*$/s, ''), mostRedirects)
}

function listensOf({ block }: NginxDirective) {
  const written = (block ?? []).filter(({ name }) => name === 'listen')
  return written.length === 0 ? [defaultListen] : written.flatMap(({ args }) => readListen(args) ?? [])
}

/** `server` ends with the server's own level. */
function routeIn(server: NginxLevels, path: string, redirects: number): NginxRoute {
  if (redirects === 0) return unknown
  const found = locationOf(server, path)
  if (found === 'unknown') return unknown
  const { levels, at } = found
  const block = at?.block ?? levels.at(-1) ?? []
  const has = (name: string) => block.find((directive) => directive.name === name)
  if (has('if') || has('rewrite') || has('error_page')) return { toPhp: has('fastcgi_pass') ? 'yes' : 'unknown', at }
  if (has('return') || has('stub_status') || has('empty_gif')) return { toPhp: 'no', at }
  if (has('fastcgi_pass')) return { toPhp: 'yes', at }
  if (block.some(({ name }) => name.endsWith('_pass'))) return { toPhp: 'unknown', at }
  const [tried] = effectiveDirectives(levels.slice(-2), 'try_files')
  if (tried) return triedRoute(server, tried, { path, levels, at }, redirects)
  return path.endsWith('/') ? indexRoute(server, { path, levels, at }, redirects) : { toPhp: 'no', at }
}

interface Found {
  readonly levels: NginxLevels
  /** Null: the server itself serves it. */
  readonly at: NginxDirective | null
}

/** What it falls back to, for paths of which no file is likely to exist. */
function triedRoute(
  server: NginxLevels,
  tried: NginxDirective,
  here: Found & { path: string },
  redirects: number,
): NginxRoute {
  const last = tried.args.at(-1) ?? ''
  if (here.path.endsWith('/') && tried.args.includes('$uri/')) return indexRoute(server, here, redirects)
  if (/\.(?!php$)\w+$/.test(here.path)) return { toPhp: 'unknown', at: here.at }
  if (last.startsWith('=')) return { toPhp: 'no', at: here.at }
  if (last.startsWith('@')) {
    const named = (server.at(-1) ?? []).find(({ name, args }) => name === 'location' && args[0] === last)
    return {
      toPhp: (named?.block ?? []).some(({ name }) => name === 'fastcgi_pass') ? 'yes' : 'unknown',
      at: named ?? null,
    }
  }
  const target = last.replace(/\?.*$/s, '')
  return target.startsWith('/') && !target.includes('$') ? routeIn(server, target, redirects - 1) : unknown
}

/** The first name of `index` that exists; which ones do, the configuration does not tell. */
function indexRoute(
  server: NginxLevels,
  { path, levels, at }: Found & { path: string },
  redirects: number,
): NginxRoute {
  const [index] = effectiveDirectives(levels, 'index')
  const names = index?.args ?? ['index.html']
  if (!names.some((name) => name.endsWith('.php'))) return { toPhp: 'no', at }
  const [first = ''] = names
  return first.endsWith('.php') ? routeIn(server, `${path}${first}`, redirects - 1) : unknown
}

/** `=` first, then the longest prefix, which `^~` makes final, else the first pattern that matches (reference E.2). */
function locationOf(levels: NginxLevels, path: string): Found | 'unknown' {
  const locations = (levels.at(-1) ?? []).filter(({ name }) => name === 'location').map(asLocation)
  const into = (directive: NginxDirective): NginxLevels => [...levels, directive.block ?? []]
  const exact = locations.find(({ modifier, pattern }) => modifier === '=' && pattern === path)
  if (exact) return { levels: into(exact.directive), at: exact.directive }
  const [prefix] = locations
    .filter(({ modifier, pattern }) => (modifier === '' || modifier === '^~') && path.startsWith(pattern))
    .toSorted((a, b) => b.pattern.length - a.pattern.length)
  const within = prefix ? locationOf(into(prefix.directive), path) : null
  if (within === 'unknown') return within
  if (within?.at) return within
  if (prefix?.modifier !== '^~') {
    for (const { modifier, pattern, directive } of locations) {
      if (modifier !== '~' && modifier !== '~*') continue
      const matches = patternOf(pattern, modifier)
      if (!matches) return 'unknown'
      if (matches.test(path)) return { levels: into(directive), at: directive }
    }
  }
  return prefix ? { levels: into(prefix.directive), at: prefix.directive } : { levels, at: null }
}

function asLocation(directive: NginxDirective) {
  const [first = '', second] = directive.args
  const glued = /^(=|\^~|~\*|~)([^]*)$/.exec(first)
  const [modifier, pattern] = second !== undefined ? [first, second] : [glued?.[1] ?? '', glued?.[2] ?? first]
  return { directive, modifier, pattern }
}

/** Of what PCRE knows, JavaScript knows what configurations use; null for the rest. */
function patternOf(pattern: string, modifier: string): RegExp | null {
  try {
    return new RegExp(pattern, modifier === '~*' ? 'i' : '')
  } catch {
    return null
  }
}
