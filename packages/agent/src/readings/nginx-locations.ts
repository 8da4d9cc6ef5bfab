/** The locations of a server that hand requests on, to FastCGI or to another server over HTTP. */
import type { SocketAddress } from '../host/host.ts'
import type { NginxDirective } from './nginx-config.ts'
import { nearest, type NginxLevels } from './nginx-inheritance.ts'
import { fullPath, type NginxBuild } from './nginx-log-paths.ts'

export interface NginxPass {
  /** The argument of `fastcgi_pass` or `proxy_pass` as written. */
  readonly target: string
  readonly directive: NginxDirective
  /** Where it leads, upstream groups resolved; none where only a request tells. */
  readonly addresses: readonly SocketAddress[]
}

export interface NginxPhpLocation {
  /** How its pattern is matched: `@` is a named location, empty a plain prefix. */
  readonly modifier: '' | '=' | '~' | '~*' | '^~' | '@'
  readonly pattern: string
  readonly directive: NginxDirective
  /** From the main level to what stands in this location, for `effectiveDirectives`. */
  readonly levels: NginxLevels
  /** nginx's `$document_root`; null where it depends on the request. */
  readonly documentRoot: string | null
  /** Its own, and those of `if` and `limit_except` in it. */
  readonly passes: readonly NginxPass[]
}

export type PassDirective = 'fastcgi_pass' | 'proxy_pass'

/** Addresses of the upstream groups of an `http` block, by lower-cased name. */
export type UpstreamGroups = ReadonlyMap<string, readonly SocketAddress[]>

/** In the order they are written; a location within a location comes after it. `levels` ends with the server's. */
export function passLocations(
  levels: NginxLevels,
  by: PassDirective,
  passTo: (target: string) => readonly SocketAddress[],
  build: NginxBuild,
): readonly NginxPhpLocation[] {
  return (levels.at(-1) ?? []).flatMap((directive) => {
    if (directive.name !== 'location' || !directive.block) return []
    const inside = [...levels, directive.block]
    const passes = passesOf(directive.block, by).map((pass) => {
      const target = pass.args[0] ?? ''
      return { target, directive: pass, addresses: passTo(target) }
    })
    const nested = passLocations(inside, by, passTo, build)
    if (passes.length === 0) return nested
    const documentRoot = documentRootOf(inside, build)
    return [{ ...matching(directive.args), directive, levels: inside, documentRoot, passes }, ...nested]
  })
}

/** `fastcgi_pass` is inherited by `if` and `limit_except`, which may also set their own (reference E.3). */
function passesOf(block: readonly NginxDirective[], by: PassDirective): readonly NginxDirective[] {
  return block.flatMap((directive) => {
    if (directive.name === by) return [directive]
    const isPart = directive.name === 'if' || directive.name === 'limit_except'
    return isPart && directive.block ? passesOf(directive.block, by) : []
  })
}

/** `location ~ \.php$` or, in one word, `location ~\.php$` (`ngx_http_core_location`). */
function matching([first = '', second]: readonly string[]): Pick<NginxPhpLocation, 'modifier' | 'pattern'> {
  const glued = /^(=|\^~|~\*|~|@)([^]*)$/.exec(first)
  const [modifier, pattern] = second !== undefined ? [first, second] : [glued?.[1] ?? '', glued?.[2] ?? first]
  return { modifier: modifiers.find((known) => known === modifier) ?? '', pattern }
}

const modifiers = ['=', '^~', '~*', '~', '@'] as const

function documentRootOf(levels: NginxLevels, build: NginxBuild): string | null {
  const [root] = nearest(levels, ({ name }) => name === 'root' || name === 'alias')
  const path = root?.args[0] ?? 'html'
  return path.includes('$') ? null : fullPath(path, build)
}
