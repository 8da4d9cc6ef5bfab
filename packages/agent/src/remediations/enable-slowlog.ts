/** Have FPM write down where requests are that take too long, into a log that is rotated. */
import * as z from 'zod/mini'
import { poolDirective } from '../judgement/pool-directive.ts'
import { isWithoutIn, keepsNoSlowLog } from '../judgement/pools-without.ts'
import { setPoolDirective } from '../readings/fpm-config-edit.ts'
import { fpmSeconds } from '../readings/fpm-values.ts'
import type { FpmFacts } from '../survey/host-facts.ts'
import { defineRemediation, type FileEdit } from './define.ts'
import { defaultDeadlineMs, findReloadable, reloadParts } from './reload-parts.ts'
import { findPool, planOnly, poolInput, refused } from './service-input.ts'

export const enableSlowlog = defineRemediation({
  id: 'enable-slowlog',
  title: 'Switch the slow log on',
  meaning:
    'Sets request_slowlog_timeout and slowlog of the pool: FPM writes down in which function of PHP a request is when it ' +
    'has taken that long. The log lies beside the log of FPM, readable for root only, and a file for logrotate keeps four ' +
    'weeks of it. It costs nothing until a request is slow; then FPM stops that one worker for some milliseconds.',
  disturbs: 'New requests to all pools of the service wait until the slowest one in flight is done; none is lost.',
  undone:
    'The lines are put back as they were, the file for logrotate is removed, and the service is reloaded. The log stays.',
  clears: ['slowlog-off'],
  byHand:
    'Set `slowlog = /var/log/php8.2-fpm.www.slow.log` and `request_slowlog_timeout = 5s` in the pool, have logrotate take ' +
    'care of the log, then reload.',
  input: z.strictObject({
    pool: poolInput,
    afterS: z._default(z.int().check(z.gte(1), z.lte(60), z.describe('Seconds after which a request is slow.')), 5),
  }),

  draft(facts, { pool: subject, afterS }) {
    const pool = findPool(facts, subject)
    if (!pool.ok) return pool.refused
    const found = findReloadable(facts, subject.split('/')[0] ?? '')
    if (!found.ok) return found.refused
    const service = found.value
    const config = service.config.value
    const own = config.pools.find(({ name }) => name === pool.value.name)
    if (!own || !keepsNoSlowLog(own)) return { kind: 'nothing-to-do', because: `${subject} keeps a slow log.` }
    const ends = fpmSeconds(poolDirective(service, pool.value, 'request_terminate_timeout')?.value ?? '0') ?? 0
    // `fpm_conf_process_all_pools` refuses a slow log that would come after the end.
    if (ends > 0 && afterS > ends)
      return refused(
        `FPM ends requests of ${subject} after ${ends} s, and refuses a slow log that comes later.`,
        `Take \`--input afterS=${ends}\` or less.`,
      )
    const written = own.directives.get('slowlog')
    const path = written ? written.value : logPath(service, pool.value.name)
    if (path === null)
      return refused(
        `Where ${service.service} writes its log is not a file in a folder of logs, so that there is no place for another.`,
        `Set \`slowlog = /var/log/NAME.slow.log\` and \`request_slowlog_timeout = ${afterS}s\` in the file of ${subject}, then \`fleetmend-agent plan reload-fpm --input service=${service.service}\`.`,
      )
    const set = (name: string, value: string): FileEdit => {
      const edit = setPoolDirective(config, pool.value.name, name, value)
      return { edit: 'splice', path: edit.path, splices: [edit.splice] }
    }
    return {
      kind: 'draft',
      because: `FPM writes down where requests of ${subject} are that take longer than ${afterS} s: ${path}.`,
      arithmetic: [],
      edits: [
        ...(written ? [] : [set('slowlog', path), rotation(service.service, pool.value.name, path)]),
        set('request_slowlog_timeout', `${afterS}s`),
      ],
      clears: isWithoutIn(service, pool.value.name, keepsNoSlowLog)
        ? []
        : [{ diagnosis: 'slowlog-off', subject: { kind: 'service', name: service.service } }],
      warnings: planOnly(service),
      ...reloadParts(facts, service, defaultDeadlineMs, true),
    }
  },
})

/** Beside FPM's own log, whose folder is there and which FPM's master, root, may write to. */
function logPath({ service, log }: FpmFacts, pool: string): string | null {
  const folder = log.ok ? log.value.path.replace(/\/[^/]*$/, '') : ''
  return folder === '/var/log' || folder.startsWith('/var/log/') ? `${folder}/${service}.${pool}.slow.log` : null
}

/** copytruncate: nobody has to be told, and FPM appends. Removed with the plan that made it. */
function rotation(service: string, pool: string, path: string): FileEdit {
  const text = `# Written by Fleetmend (enable-slowlog).
${path} {
\tweekly
\trotate 4
\tmissingok
\tnotifempty
\tcompress
\tdelaycompress
\tcopytruncate
}
`
  return { edit: 'create', path: `/etc/logrotate.d/fleetmend-${service}-${pool}-slow`, text, mode: 0o644 }
}
