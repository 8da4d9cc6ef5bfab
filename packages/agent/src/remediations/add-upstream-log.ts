/** An access log that shows how PHP answered: which backend, with what, and after how long. */
import * as z from 'zod/mini'
import { includesIn } from '../readings/nginx-includes.ts'
import { effectiveDirectives } from '../readings/nginx-inheritance.ts'
import type { NginxDirective } from '../readings/nginx-config.ts'
import { nginxSites } from '../readings/nginx-sites.ts'
import { defineRemediation } from './define.ts'
import { addBeside, findReloadableNginx, nginxParts, placeOf, together, type NginxEdit } from './nginx-parts.ts'
import { refused } from './service-input.ts'

const dropIn = '/etc/nginx/conf.d/00-fleetmend-upstream-log.conf'
const log = '/var/log/nginx/fleetmend-upstream.log'
const access = [log, 'fleetmend_upstream', 'if=$fleetmend_has_upstream'] as const

export const addUpstreamLog = defineRemediation({
  id: 'add-upstream-log',
  title: 'Log how PHP answers',
  meaning:
    'Adds a second access log beside those that sites with PHP have: status, backend, and the times until it was ' +
    'connected to, until its header came and until it was done. The format nginx comes with has none of these, so that a ' +
    '502 of nginx cannot be told from one of PHP. Only requests that went to a backend are in it, and neither query ' +
    'strings nor cookies nor referers. It lies in /var/log/nginx, where logrotate takes care of it.',
  disturbs: 'Nothing: a reload of nginx loses no request. The log grows by some 150 bytes a request for PHP.',
  undone: 'The file and the lines are removed, and nginx is reloaded. What was logged stays.',
  clears: [],
  byHand:
    "In http: `log_format upstream '$time_iso8601 $status $upstream_status $upstream_addr $upstream_header_time';`, and in " +
    'the server, beside its access_log: `access_log /var/log/nginx/upstream.log upstream;`.',
  input: z.strictObject({}),

  draft(facts) {
    const nginx = findReloadableNginx(facts)
    if (!nginx.ok) return nginx.refused
    const config = nginx.value.config.value
    if (config.files.some(({ path }) => path === dropIn))
      return { kind: 'nothing-to-do', because: `${dropIn} is in place.` }
    const http = config.directives.find(({ name }) => name === 'http')
    const hasConfD =
      http && includesIn(config, http).some((each) => /^(?:\/etc\/nginx\/)?conf\.d\/\*\.conf$/.test(each))
    const byHand = `Write the format into http of /etc/nginx/nginx.conf and an access_log with it into the server, as \`fleetmend-agent plan --explain add-upstream-log\` shows, then \`nginx -t && systemctl reload nginx\`.`
    if (!http || !hasConfD)
      return refused('nginx includes no conf.d/*.conf in http, where the format could lie.', byHand)
    const locations = nginxSites(config).flatMap((site) => site.locations)
    if (locations.length === 0) return refused('No site of nginx hands requests to PHP.', 'See `nginx -T`.')
    const beside = new Map<string, NginxDirective | null>()
    for (const { levels, directive } of locations) {
      const logs = effectiveDirectives(levels, 'access_log')
      const last = logs.at(-1)
      if (logs.some(({ args }) => args[0] === 'off'))
        return refused(
          `The access log is switched off at ${placeOf(logs[0] ?? directive)}, which silences every other.`,
          byHand,
        )
      // Where nothing is set, the first log that is set takes the place of the one nginx writes by itself.
      if (!last)
        return refused(
          `Nothing sets an access_log for ${placeOf(directive)}, so that a second one would replace it.`,
          byHand,
        )
      const isOfHttp = (http.block ?? []).includes(last)
      beside.set(isOfHttp ? 'http' : placeOf(last), isOfHttp ? null : last)
    }
    const inSites: NginxEdit[] = [...beside.values()].flatMap((each) =>
      each ? [addBeside(config, each, 'access_log', access)] : [],
    )
    const { edits, warnings } = together(facts, inSites)
    return {
      kind: 'draft',
      because: `nginx logs to ${log} how PHP answered each request that was handed to it.`,
      arithmetic: [],
      clears: [],
      guards: [],
      ...nginxParts(nginx.value),
      edits: [{ edit: 'create', path: dropIn, text: format(beside.has('http')), mode: 0o644 }, ...edits],
      warnings,
    }
  },
})

/** `$uri` has no query string. Where sites have their log from http, that is where the second one is set as well. */
function format(isOfHttp: boolean): string {
  return `# Written by Fleetmend (add-upstream-log). To undo: remove this file and the lines that name it, then reload nginx.
map $upstream_addr $fleetmend_has_upstream {
\tdefault 1;
\t"" 0;
}
log_format fleetmend_upstream '$time_iso8601 $server_name $request_method $uri $status '
\t'upstream=$upstream_addr upstream_status=$upstream_status connect=$upstream_connect_time '
\t'header=$upstream_header_time response=$upstream_response_time total=$request_time';
${isOfHttp ? `access_log ${access.join(' ')};\n` : ''}`
}
