/** The host name with which a probe makes nginx pick one particular server block among those of a socket. */
import { matchesName, nameMatching } from './nginx-name-pattern.ts'

export interface NamedServer {
  /** The arguments of its `server_name`, as written. */
  readonly names: readonly string[]
}

/** Who answers to which name on one socket: the first server that claims a name keeps it. */
export interface NameClaims<S extends NamedServer> {
  readonly exact: ReadonlyMap<string, S>
  /** By what follows the star: `.example.com`. */
  readonly leading: ReadonlyMap<string, S>
  /** By what stands before the star: `mail.`. */
  readonly trailing: ReadonlyMap<string, S>
  /** Regular expressions, in the order in which nginx tries them. */
  readonly patterns: readonly { readonly pattern: string; readonly server: S }[]
}

export function nameClaims<S extends NamedServer>(servers: readonly S[]): NameClaims<S> {
  const exact = new Map<string, S>()
  const leading = new Map<string, S>()
  const trailing = new Map<string, S>()
  const patterns: { pattern: string; server: S }[] = []
  for (const server of servers) {
    for (const written of server.names) {
      const name = written.toLowerCase()
      if (name.startsWith('~')) patterns.push({ pattern: written.slice(1), server })
      else if (name.startsWith('*.')) claim(leading, name.slice(1), server)
      else if (name.endsWith('.*')) claim(trailing, name.slice(0, -1), server)
      else if (name.startsWith('.')) {
        claim(exact, name.slice(1), server)
        claim(leading, name, server)
      } else claim(exact, name, server)
    }
  }
  return { exact, leading, trailing, patterns }
}

function claim<S>(claims: Map<string, S>, name: string, server: S): void {
  if (!claims.has(name)) claims.set(name, server)
}

/**
 * nginx's choice by name: exact, then the longest `*.example.com`, then the longest `mail.*`. Null when none of these
 * fits, where the patterns come next and the default server last.
 */
export function claimedBy<S extends NamedServer>(host: string, claims: NameClaims<S>): S | null {
  if (host.length > longestName) return claims.exact.get(host) ?? null
  const dots = [...host.matchAll(/\./g)].map((dot) => dot.index)
  const suffixes = dots.filter((dot) => dot > 0).map((dot) => host.slice(dot))
  const prefixes = dots.filter((dot) => dot < host.length - 1).map((dot) => host.slice(0, dot + 1))
  return (
    claims.exact.get(host) ??
    suffixes.map((suffix) => claims.leading.get(suffix)).find((server) => server !== undefined) ??
    prefixes.map((prefix) => claims.trailing.get(prefix)).findLast((server) => server !== undefined) ??
    null
  )
}

/** Of DNS. */
const longestName = 253

/** By pattern, where nobody has the name: the first that matches. `unknown` where one before it could not be read. */
function matchedBy<S extends NamedServer>(host: string, { patterns }: NameClaims<S>): S | 'nobody' | 'unknown' {
  for (const { pattern, server } of patterns) {
    const matches = matchesName(pattern, host)
    if (matches !== false) return matches ? server : 'unknown'
  }
  return 'nobody'
}

export interface ProbeName {
  readonly name: string
  /** Made to fit a wildcard or a pattern: nobody may be using it. */
  readonly isInvented: boolean
}

/**
 * Real names first, then a name made from a wildcard or a pattern, then odd names such as `_`; for the default server
 * also a name that nobody claims. Null when another server would answer to all of them.
 */
export function probeName<S extends NamedServer>(
  server: S,
  claims: NameClaims<S>,
  isDefault: boolean,
): ProbeName | null {
  const isOwn = (name: string): boolean => claimedBy(name, claims) === server
  const isMatched = (name: string, by: S | 'nobody'): boolean =>
    claimedBy(name, claims) === null && matchedBy(name, claims) === by
  const plain = server.names.filter((name) => !name.startsWith('~')).map((name) => name.toLowerCase())
  const real = plain.map((name) => name.replace(/^\./, '')).find((name) => isHostName(name) && isOwn(name))
  if (real !== undefined) return { name: real, isInvented: false }
  const patterns = server.names.filter((name) => name.startsWith('~')).map((name) => nameMatching(name.slice(1)))
  const invented =
    plain.flatMap(wildcardSamples).find(isOwn) ??
    patterns.find((name) => name !== null && isHostName(name) && isMatched(name, server))
  if (invented) return { name: invented, isInvented: true }
  const odd = plain.find((name) => isHostHeader(name) && isOwn(name))
  const name =
    odd ?? (isDefault ? ['localhost', 'fleetmend.invalid'].find((name) => isMatched(name, 'nobody')) : undefined)
  return name === undefined ? null : { name, isInvented: false }
}

/** Two, for one of them may have a server of its own. */
function wildcardSamples(name: string): readonly string[] {
  if (name.startsWith('.')) return [`www${name}`, `probe${name}`]
  if (name.startsWith('*.')) return [`www${name.slice(1)}`, `probe${name.slice(1)}`]
  return name.endsWith('.*') ? [`${name.slice(0, -1)}example`, `${name.slice(0, -1)}invalid`] : []
}

function isHostName(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*$/.test(name) && name.length <= 253
}

/** Not a host name, but nothing that nginx would refuse in a `Host:` header. */
function isHostHeader(name: string): boolean {
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name)
}
