/** Which directives hold at a place of the configuration: those of the nearest level that has any of that name. */
import type { NginxDirective } from './nginx-config.ts'

/** What stands at each level on the way to a place, the main level first: main, `http`, `server`, `location` … */
export type NginxLevels = readonly (readonly NginxDirective[])[]

/**
 * A level that sets a directive replaces what the levels outside it say, altogether: for a scalar
 * (`fastcgi_read_timeout`) that is one directive, for a list (`fastcgi_param`, `access_log`) all of that level and none
 * from further out (`ngx_conf_merge_*`). `fastcgi_pass` is not inherited in this way.
 */
export function effectiveDirectives(levels: NginxLevels, name: string): readonly NginxDirective[] {
  return nearest(levels, (directive) => directive.name === name)
}

/** The same for directives that set one thing under several names, as `root` and `alias` do. */
export function nearest(levels: NginxLevels, is: (directive: NginxDirective) => boolean): readonly NginxDirective[] {
  return levels.findLast((level) => level.some(is))?.filter(is) ?? []
}
