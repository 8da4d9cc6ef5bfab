/** Inputs that name a service or a pool, and finding what they name. */
import { PoolName, ServiceName } from '@fleetmend/shared'
import * as z from 'zod/mini'
import type { FpmConfig } from '../readings/fpm-config.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import type { Drafted } from './define.ts'

export const serviceInput = ServiceName.check(z.describe('The PHP-FPM service by name, e.g. `php8.2-fpm`.'))

export const poolInput = z
  .templateLiteral([ServiceName, '/', PoolName])
  .check(z.describe('The pool by name: service, slash, name in brackets, e.g. `php8.2-fpm/www`.'))

type Refused = Extract<Drafted, { kind: 'refused' }>
type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refused: Refused }

export function findService(facts: HostFacts, service: string): Found<FpmFacts> {
  const found = facts.fpm.find((each) => each.service === service)
  if (found) return { ok: true, value: found }
  const known = facts.fpm.map((each) => each.service).join(', ') || 'none'
  return {
    ok: false,
    refused: refused(`This host has no PHP-FPM service ${service}.`, `Services found here: ${known}.`),
  }
}

/** A service that runs and whose configuration could be read and passes FPM's own test: what any reload needs. */
export function findReloadable(
  facts: HostFacts,
  service: string,
): Found<FpmFacts & { readonly config: { ok: true; value: FpmConfig } }> {
  const found = findService(facts, service)
  if (!found.ok) return found
  const { master, config, configTest } = found.value
  if (!master) {
    return {
      ok: false,
      refused: refused(
        `${service} is not running, so there is nothing to reload.`,
        `Start it: \`fleetmend-agent plan start-service --input service=${service}\`.`,
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

export function refused(because: string, toDo: string): Refused {
  return { kind: 'refused', because, toDo }
}
