/** Inputs that name a service or a pool, and finding what they name. */
import { PoolName, ServiceName, SiteName, type Check } from '@fleetmend/shared'
import * as z from 'zod/mini'
import type { FpmConfig } from '../readings/fpm-config.ts'
import { isManaged, reloadSteps, startSteps } from '../judgement/by-hand.ts'
import { hasUnit, type UnitService } from '../judgement/unit-service.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../survey/host-facts.ts'
import type { Drafted } from './define.ts'

export const serviceInput = ServiceName.check(z.describe('The PHP-FPM service by name, e.g. `php8.2-fpm`.'))

export const poolInput = z
  .templateLiteral([ServiceName, '/', PoolName])
  .check(z.describe('The pool by name: service, slash, name in brackets, e.g. `php8.2-fpm/www`.'))

export const siteInput = SiteName.check(z.describe('The site by its `server_name`, e.g. `shop.example`.'))

export type Refused = Extract<Drafted, { kind: 'refused' }>
export type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refused: Refused }

export function findService(facts: HostFacts, service: string): Found<FpmFacts> {
  const found = facts.fpm.find((each) => each.service === service)
  if (found) return { ok: true, value: found }
  const known = facts.fpm.map((each) => each.service).join(', ') || 'none'
  return {
    ok: false,
    refused: refused(`This host has no PHP-FPM service ${service}.`, `Services found here: ${known}.`),
  }
}

/** A pool by `service/pool`. */
export function findPool(facts: HostFacts, subject: string): Found<PoolFacts> {
  const found = findPoolIn(facts, subject, findService)
  return found.ok ? { ok: true, value: found.value.pool } : found
}

/** A pool by `service/pool` in a service that `find` has nothing against. */
export function findPoolIn<Service extends FpmFacts>(
  facts: HostFacts,
  subject: string,
  find: (facts: HostFacts, service: string) => Found<Service>,
): Found<{ readonly service: Service; readonly pool: PoolFacts }> {
  const service = find(facts, subject.split('/')[0] ?? '')
  if (!service.ok) return service
  const pool = poolOf(service.value, subject)
  return pool.ok ? { ok: true, value: { service: service.value, pool: pool.value } } : pool
}

function poolOf({ service, pools }: FpmFacts, subject: string): Found<PoolFacts> {
  const pool = pools.find((each) => each.subject === subject)
  if (pool) return { ok: true, value: pool }
  const known = pools.map((each) => each.subject).join(', ')
  return { ok: false, refused: refused(`${service} has no pool of that name.`, `Pools found: ${known}.`) }
}

/** A service that systemd runs: what is started, and what systemd is to do with it. */
export function findManaged(facts: HostFacts, service: string): Found<UnitService> {
  const found = findService(facts, service)
  if (!found.ok) return found
  const { value } = found
  if (hasUnit(value) && isManaged(value)) return { ok: true, value }
  return { ok: false, refused: refused(notManaged(value), toDoByHand) }
}

/** Why nothing is applied there (DESIGN D6, D15). */
export function notManaged({ service, unit }: FpmFacts): string {
  return unit
    ? `What runs as ${service} was started beside its unit, so that systemd has no say in it.`
    : `No unit of systemd runs ${service}, so that Fleetmend diagnoses and plans, but changes nothing there.`
}

/** A plan that shows a person what to write, where nothing can carry it out. */
export function planOnly(service: FpmFacts): readonly string[] {
  return isManaged(service) ? [] : [`${notManaged(service)} Write it by hand, then ${reloadSteps(service)}.`]
}

const toDoByHand = 'What a person can do stands in the findings: `fleetmend-agent diagnose`.'

export type Accepted = FpmFacts & { readonly config: { ok: true; value: FpmConfig } }

/** A service that runs and whose configuration could be read and passes FPM's own test: what any edit begins with. */
export function findAccepted(facts: HostFacts, service: string): Found<Accepted> {
  const found = findService(facts, service)
  if (!found.ok) return found
  const { master, config, configTest } = found.value
  if (!master) {
    return {
      ok: false,
      refused: refused(
        `${service} is not running, so there is nothing to reload.`,
        `Start it: ${startSteps(found.value)}.`,
      ),
    }
  }
  if (!config.ok)
    return {
      ok: false,
      refused: refused(
        `The configuration of ${service} could not be read: ${config.says}.`,
        'Make it readable for root and plan again.',
      ),
    }
  if (configTest.ok && !configTest.value.passes) {
    return {
      ok: false,
      refused: refused(
        `${service} would not survive a reload: FPM refuses the files on disk (exit code ${configTest.value.exitCode}).`,
        `See what it says: \`${found.value.binary} -t\`.`,
      ),
    }
  }
  return { ok: true, value: { ...found.value, config } }
}

/** Of the files as planned, and once they are written. */
export function bothChecks(check: Check['check'], service: string): readonly Check[] {
  return [
    { when: 'planned', check, service },
    { when: 'live', check, service },
  ]
}

export function refused(because: string, toDo: string): Refused {
  return { kind: 'refused', because, toDo }
}
