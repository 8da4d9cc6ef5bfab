/** Have a pool on TCP take requests from the address that nginx comes from. */
import * as z from 'zod/mini'
import { allowedClients, clientAddress, passesTo, refusingPool } from '../judgement/upstream-obstacle.ts'
import { sitesInWords } from '../judgement/upstream-words.ts'
import { setPoolDirective } from '../readings/fpm-config-edit.ts'
import { defineRemediation } from './define.ts'
import { defaultDeadlineMs, findReloadable, reloadParts } from './reload-parts.ts'
import { findPoolIn, planOnly, poolInput } from './service-input.ts'

export const allowClient = defineRemediation({
  id: 'allow-client',
  title: 'Let a pool take requests from nginx',
  meaning:
    'Adds the address that nginx comes from to listen.allowed_clients. Each worker reads that list when it is forked ' +
    '(`fpm_php.c`), so that a reload is enough. Whoever can connect from an address in the list can run any PHP file as ' +
    "the pool's user: nothing but nginx's own address is added, and entries that match nobody are left out.",
  disturbs: 'New requests to all pools of the service wait until the slowest one in flight is done; none is lost.',
  undone: 'The line is put back as it was and the service reloaded, which loses no request either.',
  clears: ['clients-not-allowed'],
  byHand: "Add nginx's address to `listen.allowed_clients` of the pool, without blanks after commas, then reload.",
  input: z.strictObject({ pool: poolInput }),

  draft(facts, { pool: subject }) {
    const found = findPoolIn(facts, subject, findReloadable)
    if (!found.ok) return found.refused
    const { service, pool } = found.value
    const refusing = facts.nginx.upstreams.filter((upstream) => refusingPool(facts, upstream)?.pool.subject === subject)
    const from = [...new Set(refusing.map(({ address }) => clientAddress(address)))].filter((each) => each !== null)
    const allowed = allowedClients(service, pool)
    if (from.length === 0 || !allowed)
      return { kind: 'nothing-to-do', because: `${subject} turns no request of nginx away by its list of clients.` }
    const entries = allowed.value
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    const list = [...new Set([...entries, ...from])].join(',')
    const { path, splice } = setPoolDirective(service.config.value, pool.name, 'listen.allowed_clients', list)
    const sites = sitesInWords(refusing.flatMap(({ address }) => passesTo(facts, address)))
    return {
      kind: 'draft',
      because: `${subject} hangs up on ${sites}: it takes requests from ${allowed.value}, and nginx comes from ${from.join(' and ')}.`,
      arithmetic: [],
      edits: [{ edit: 'splice', path, splices: [splice] }],
      clears: [{ diagnosis: 'clients-not-allowed', subject: { kind: 'pool', name: subject } }],
      warnings: [
        ...planOnly(service),
        `Every program that connects from ${from.join(' or ')} can then have ${subject} run PHP; from this host that is every local user.`,
      ],
      ...reloadParts(facts, service, defaultDeadlineMs, true),
    }
  },
})
