/** The log files that hold at a place of the configuration. Only plain files: what else nginx writes to is not readable. */
import type { NginxDirective } from './nginx-config.ts'
import { effectiveDirectives, type NginxLevels } from './nginx-inheritance.ts'

/** What an nginx was built with (`nginx -V`); it counts where the configuration says nothing. */
export interface NginxBuild {
  /** Relative paths, logs and document roots, begin here. */
  readonly prefix: string
  readonly accessLog: string
  readonly errorLog: string
}

/** Debian, Ubuntu and RHEL. Debian 12 and later have `stderr` for the error log, and name a file in nginx.conf. */
export const packagedBuild: NginxBuild = {
  prefix: '/usr/share/nginx',
  accessLog: '/var/log/nginx/access.log',
  errorLog: '/var/log/nginx/error.log',
}

/** Any `access_log off` of a level silences that level, whatever stands beside it (`ngx_http_log_handler`). */
export function accessLogs(levels: NginxLevels, build: NginxBuild): readonly string[] {
  const logs = effectiveDirectives(levels, 'access_log')
  if (logs.length === 0) return [build.accessLog]
  return logs.some((log) => log.args[0] === 'off') ? [] : files(logs, build)
}

/** There is no `error_log off`: that writes to a file of that name. */
export function errorLogs(levels: NginxLevels, build: NginxBuild): readonly string[] {
  const logs = effectiveDirectives(levels, 'error_log')
  return logs.length === 0
    ? [build.errorLog]
    : files(
        logs.filter((log) => log.args[0] !== 'stderr'),
        build,
      )
}

function files(logs: readonly NginxDirective[], build: NginxBuild): readonly string[] {
  return logs
    .flatMap((log) => log.args.slice(0, 1))
    .filter((path) => !/^(?:syslog|memory):|^\/dev\/|\$/.test(path))
    .map((path) => fullPath(path, build))
}

export function fullPath(path: string, build: NginxBuild): string {
  return path.startsWith('/') ? path : `${build.prefix}/${path}`
}
