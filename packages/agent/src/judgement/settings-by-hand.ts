/** The steps of remediations that change settings, for a person: where systemd does not run who would have to load them. */
import type { SuggestedRemediation } from '@fleetmend/shared'
import type { FpmFacts, HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { alignmentOf } from './align-timeouts.ts'
import { buffersFor, inK, nextHeaderBuffer } from './header-buffers.ts'
import { filesForConnections, nextConnections, nextFiles, usualTasks } from './limits.ts'
import { poolFile } from './pool-file.ts'
import { locationsOf } from './recent-failures.ts'
import { usualScriptFilename } from './script-fix.ts'
import { nginxBytes } from '../readings/nginx-values.ts'

/** Null where it is not one of these. `reload` are the steps by which the service reads its files. */
export function settingSteps(
  facts: HostFacts,
  service: FpmFacts,
  { id, input }: SuggestedRemediation,
  reload: string,
): string | null {
  if (id === 'raise-limits') return limitSteps(facts, service, String(input['limit']), reload)
  const pool = service.pools.find(({ subject }) => subject === input['pool'])
  if (!pool) return null
  const file = poolFile(service, pool)
  const inPool = (line: string) => `Set \`${line}\` in ${file}, then ${reload}.`
  const inNginx = (line: string) => `Set \`${line}\` ${placesOf(facts, pool)}, then ${nginxReloadSteps(facts)}.`
  switch (id) {
    case 'raise-header-buffers':
      return inNginx(bufferLines(facts, pool))
    case 'fix-script-filename':
      return inNginx(`fastcgi_param SCRIPT_FILENAME ${usualScriptFilename};`)
    case 'disable-fastcgi-keepalive':
      return inNginx('fastcgi_keep_conn off;')
    case 'align-timeouts': {
      const alignment = alignmentOf(facts, service, pool)
      if (alignment.kind !== 'align') return null
      const { waitS, limitS } = alignment
      return [
        ...(waitS === null ? [] : [inNginx(`fastcgi_read_timeout ${waitS}s;`)]),
        ...(limitS === null ? [] : [inPool(`request_terminate_timeout = ${limitS}s`)]),
      ].join(' ')
    }
    case 'enable-status-page':
      return inPool(
        `pm.status_listen = ${pool.listen?.startsWith('unix:') ? pool.listen.slice(5).replace(/\.sock$/, '') : '/run/php-fpm'}-status.sock`,
      )
    case 'enable-slowlog':
      return inPool('request_slowlog_timeout = 5s` and `slowlog = /var/log/$pool.slow.log')
    default:
      return null
  }
}

/** How nginx reads its files: nothing is lost by it. */
export function nginxReloadSteps({ nginx: { unit, master, binary } }: HostFacts): string {
  const isUnits = unit !== null && (master === null || unit.mainPid === master.pid)
  return isUnits ? '`nginx -t && systemctl reload nginx`' : `\`${binary} -t && kill -HUP ${master?.pid ?? 'PID'}\``
}

function placesOf(facts: HostFacts, pool: PoolFacts): string {
  const places = [...new Set(locationsOf(facts, pool).map(({ at }) => at))]
  return places.length === 0
    ? `where nginx hands requests to ${pool.subject}`
    : `in the location at ${places.slice(0, 3).join(', ')}`
}

function bufferLines(facts: HostFacts, pool: PoolFacts): string {
  const sizes = locationsOf(facts, pool).map(({ headerBuffer }) => nginxBytes(headerBuffer.text) ?? 0)
  const bytes = nextHeaderBuffer(Math.max(...sizes, 4096)) ?? 16_384
  const needed = buffersFor(bytes, { bufferSize: null, buffers: null, busy: null, temporaryWrite: null })
  const { count, size } = needed?.buffers ?? { count: 16, size: bytes }
  return `fastcgi_buffer_size ${inK(bytes)}; fastcgi_buffers ${count} ${inK(size)};`
}

function limitSteps(facts: HostFacts, { service }: FpmFacts, limit: string, reload: string): string {
  const allowed = facts.capacity.nginx
  const connections = allowed ? (nextConnections(allowed) ?? allowed.workerConnections.value) : 4096
  if (limit === 'connections')
    return `Set \`worker_connections ${connections};\` in events and \`worker_rlimit_nofile ${filesForConnections(connections)};\` at the main level of ${allowed?.configPath ?? 'nginx.conf'}, then ${nginxReloadSteps(facts)}.`
  if (limit === 'processes')
    return `Have what starts ${service} allow it ${usualTasks} processes: --pids-limit of a container, \`ulimit -u\` of a script.`
  return limit === 'files' && facts.nginx.master
    ? `Raise rlimit_files of the pools of ${service} to 1024, then ${reload}. For nginx: \`worker_rlimit_nofile ${(allowed && nextFiles(allowed)) ?? 8192};\`, then ${nginxReloadSteps(facts)}.`
    : `Raise rlimit_files of the pools of ${service} to 1024, then ${reload}.`
}
