/** Raise a limit that requests fail at: nginx's connections and files, FPM's files, or the processes of its unit. */
import { nginxUnit } from '../readings/unit-properties.ts'
import * as z from 'zod/mini'
import {
  filesForConnections,
  isSystemdsToSet,
  mostConnections,
  mostFiles,
  nextConnections,
  nextFiles,
  nextTasks,
} from '../judgement/limits.ts'
import { poolDirective } from '../judgement/pool-directive.ts'
import { setPoolDirective } from '../readings/fpm-config-edit.ts'
import { fpmInteger } from '../readings/fpm-values.ts'
import type { NginxConfig, NginxDirective } from '../readings/nginx-config.ts'
import type { NginxCapacity } from '../survey/capacity-facts.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { defineRemediation, type Drafted, type FileEdit } from './define.ts'
import {
  addBeside,
  addDirective,
  changeArguments,
  findReloadableNginx,
  nginxParts,
  together,
  type EditableNginx,
  type NginxEdit,
} from './nginx-parts.ts'
import { defaultDeadlineMs, findReloadable, reloadParts } from './reload-parts.ts'
import { findManaged, planOnly, refused, serviceInput } from './service-input.ts'

export const raiseLimits = defineRemediation({
  id: 'raise-limits',
  title: 'Raise a limit that requests fail at',
  meaning:
    "connections: worker_connections of nginx, with worker_rlimit_nofile where nginx's workers may not open enough files " +
    'for them. files: worker_rlimit_nofile of nginx, or rlimit_files of the pools of a PHP-FPM. processes: TasksMax of the ' +
    'unit of a PHP-FPM, in a drop-in of its own that is read after what `systemctl set-property` writes; systemd applies ' +
    'it to the running unit at once. Nothing is restarted. Where the limit is not the one that holds, or is already ' +
    'large, it refuses and says where to look.',
  disturbs:
    'Nothing for nginx and for processes. For rlimit_files of PHP-FPM: new requests wait until the slowest one in flight ' +
    'is done; none is lost.',
  undone: 'The lines and the drop-in are put back as they were, and who reads them is told.',
  clears: ['nginx-connections-exhausted', 'fd-limit', 'fork-limit', 'workers-cannot-run'],
  byHand:
    'nginx: `worker_rlimit_nofile 16384;` and `events { worker_connections 4096; }`, `nginx -t`, `systemctl reload nginx`. ' +
    'Processes: `systemctl set-property php8.2-fpm TasksMax=4096`.',
  input: z.strictObject({
    service: serviceInput,
    limit: z
      .enum(['connections', 'files', 'processes'])
      .check(z.describe('connections and files of nginx; files and processes of a PHP-FPM.')),
  }),

  draft(facts, { service, limit }) {
    if (service === nginxUnit && limit !== 'processes') return draftNginx(facts, limit)
    if (service === nginxUnit || limit === 'connections')
      return refused(
        `There is no limit of ${limit} that could be raised for ${service}.`,
        'connections and files are for nginx; files and processes for a PHP-FPM.',
      )
    return limit === 'files' ? draftPoolFiles(facts, service) : draftProcesses(facts, service)
  },
})

function draftNginx(facts: HostFacts, limit: 'connections' | 'files'): Drafted {
  const nginx = findReloadableNginx(facts)
  if (!nginx.ok) return nginx.refused
  const allowed = facts.capacity.nginx
  const config = nginx.value.config.value
  const events = config.directives.find(({ name }) => name === 'events')
  if (!allowed || !events)
    return refused(
      "What nginx's configuration allows could not be read.",
      'See `nginx -T`: events, worker_connections.',
    )
  return limit === 'connections'
    ? draftConnections(facts, nginx.value, allowed, events)
    : draftFiles(facts, nginx.value, allowed, events)
}

function draftConnections(
  facts: HostFacts,
  nginx: EditableNginx,
  allowed: NginxCapacity,
  events: NginxDirective,
): Drafted {
  const config = nginx.config.value
  const to = nextConnections(allowed)
  if (to === null)
    return refused(
      `nginx may have ${allowed.workerConnections.value} connections per worker; more than ${mostConnections} would hide what holds them.`,
      "See who has them: `ss -tn state established '( sport = :80 or sport = :443 )' | awk '{print $4}' | sort | uniq -c | sort -rn | head`. Shorten keepalive_timeout where clients hold them without need.",
    )
  const files = filesForConnections(to)
  const enough = allowed.openFiles !== null && allowed.openFiles.limit >= to * 2
  const current = events.block?.findLast(({ name }) => name === 'worker_connections')
  const connections = current
    ? changeArguments(config, current, [String(to)])
    : addDirective(config, events, 'worker_connections', [String(to)])
  return {
    kind: 'draft',
    because: `Each worker of nginx may have ${to} connections instead of ${allowed.workerConnections.value}.`,
    arithmetic: [
      enough
        ? `${to} connections take up to ${to * 2} files; each worker may open ${allowed.openFiles?.limit}`
        : `${to} connections take up to ${to * 2} files; worker_rlimit_nofile becomes ${files}`,
    ],
    clears: [{ diagnosis: 'nginx-connections-exhausted', subject: { kind: 'service', name: nginxUnit } }],
    guards: [],
    ...nginxParts(nginx),
    ...together(facts, [connections, ...(enough ? [] : [setWorkerFiles(config, events, files)])]),
  }
}

function draftFiles(facts: HostFacts, nginx: EditableNginx, allowed: NginxCapacity, events: NginxDirective): Drafted {
  const to = nextFiles(allowed)
  const now = allowed.openFiles?.limit ?? allowed.workerFiles?.value
  if (to === null)
    return refused(
      `Each worker of nginx may open ${now} files, and the kernel gives no process more than ${mostFiles} (fs.nr_open).`,
      `See what they are: \`ls -l /proc/${nginx.workerPid ?? 'PID'}/fd | awk '{print $NF}' | sort | uniq -c | sort -rn | head\`.`,
    )
  return {
    kind: 'draft',
    because: `Each worker of nginx may open ${to} files instead of ${now ?? 'what its unit allows'} (worker_rlimit_nofile).`,
    arithmetic: [`at least four times ${allowed.workerConnections.value} connections, and what there was`],
    clears: [{ diagnosis: 'fd-limit', subject: { kind: 'service', name: nginxUnit } }],
    guards: [],
    ...nginxParts(nginx),
    ...together(facts, [setWorkerFiles(nginx.config.value, events, to)]),
  }
}

/** At the main level, before `events`, where people look for it. */
function setWorkerFiles(config: NginxConfig, events: NginxDirective, to: number): NginxEdit {
  const main = config.directives.filter(({ path }) => path === config.files[0]?.path)
  const current = config.directives.findLast(({ name }) => name === 'worker_rlimit_nofile')
  if (current) return changeArguments(config, current, [String(to)])
  const beside = main.findLast(({ name }) => name === 'worker_processes') ?? events
  return addBeside(config, beside, 'worker_rlimit_nofile', [String(to)])
}

/** What a service usually has; a pool that says less meant to, and a worker cannot do with a handful. */
const usualFiles = 1024

function draftPoolFiles(facts: HostFacts, service: string): Drafted {
  const found = findReloadable(facts, service)
  if (!found.ok) return found.refused
  const low = found.value.pools.flatMap((pool) => {
    const files = poolDirective(found.value, pool, 'rlimit_files')
    const most = files ? fpmInteger(files.value) : null
    return files && most !== null && most > 0 && most < usualFiles ? [{ pool, most }] : []
  })
  if (low.length === 0)
    return refused(
      `No pool of ${service} limits itself to fewer than ${usualFiles} files (rlimit_files).`,
      `See what its workers may open: \`grep "open files" /proc/$(pgrep -o -f "php-fpm: pool")/limits\`. The limit of the unit is LimitNOFILE (\`systemctl edit ${service}\`), and holds after a restart.`,
    )
  const names = low.map(({ pool, most }) => `${pool.name} (${most})`).join(', ')
  const edits = low.map(({ pool }): FileEdit => {
    const { path, splice } = setPoolDirective(found.value.config.value, pool.name, 'rlimit_files', String(usualFiles))
    return { edit: 'splice', path, splices: [splice] }
  })
  return {
    kind: 'draft',
    because: `Workers of ${names} may open ${usualFiles} files (rlimit_files).`,
    arithmetic: [],
    edits,
    clears: low.map(({ pool }) => ({
      diagnosis: 'workers-cannot-run',
      subject: { kind: 'pool', name: pool.subject },
    })),
    warnings: planOnly(found.value),
    ...reloadParts(facts, found.value, defaultDeadlineMs, true),
  }
}

/** Read after `50-TasksMax.conf`, which is what `systemctl set-property` writes: drop-ins are sorted by file name. */
const fileName = '60-fleetmend-limits.conf'

function draftProcesses(facts: HostFacts, service: string): Drafted {
  const found = findManaged(facts, service)
  if (!found.ok) return found.refused
  const { unit, dropIns } = found.value
  const processes = facts.capacity.fpm.get(service)?.processes
  const to = nextTasks(facts, found.value)
  if (!processes || to === null)
    return refused(
      `${service} has ${processes ? `${processes.now} processes of ${processes.limit}` : 'no limit of processes of its own'}: that is not the limit it meets.`,
      'See the limits above it: `systemctl show -p TasksMax system.slice`, `sysctl kernel.pid_max kernel.threads-max`, and how many processes there are: `ps -e --no-headers | wc -l`.',
    )
  if (!isSystemdsToSet(facts, found.value))
    return refused(
      `The limit of ${processes.limit} processes is one of cgroup v1, which whoever runs this host may have set from outside of it.`,
      `If it is systemd's: \`systemctl set-property ${service} TasksMax=${to}\`. If this host is a container: raise its own limit of processes (--pids-limit).`,
    )
  const path = `/etc/systemd/system/${service}.service.d/${fileName}`
  const text = `# Written by Fleetmend (raise-limits). To undo: remove this file, then systemctl daemon-reload.\n[Service]\nTasksMax=${to}\n`
  const present = dropIns.find((each) => each.path === path)
  const edit: FileEdit = present
    ? { edit: 'splice', path, splices: [{ start: 0, end: present.text.length, text }] }
    : { edit: 'create', path, text, mode: 0o644 }
  const overriding = unit.dropInPaths.filter((each) => (each.split('/').at(-1) ?? '') > fileName)
  return {
    kind: 'draft',
    because: `${service} may have ${to} processes instead of ${processes.limit} (TasksMax); systemd applies it at once, without a restart.`,
    arithmetic: [`workers of all pools twice, and at least ${to}`],
    edits: [edit],
    checks: [{ when: 'planned', check: 'unit-file', service }],
    acts: [{ act: 'daemon-reload' }],
    clears: [{ diagnosis: 'fork-limit', subject: { kind: 'service', name: service } }],
    disturbs: [],
    warnings: overriding.map((other) => `${other} is read after this file and may override it.`),
    basis: [],
    guards: [],
    forecast: [],
  }
}
