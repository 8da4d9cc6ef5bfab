/** A service that systemd starts and stops, PHP-FPM's or nginx's: what is known of it, and what starting it takes. */
import { ServiceName, type BasisItem, type Check } from '@fleetmend/shared'
import * as z from 'zod/mini'
import { startsNginx } from '../judgement/nginx-down.ts'
import type { Stoppable } from '../judgement/stop-story.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import { findManaged, refused, type Found } from './service-input.ts'

export const startedServiceInput = ServiceName.check(
  z.describe("The service by name: PHP-FPM's, e.g. `php8.2-fpm`, or `nginx`."),
)

/** A word that only the person who asks can give: a suggestion does not count as one. */
export const startStoppedInput = z._default(
  z.boolean().check(z.describe('Although somebody stopped, disabled or masked it on purpose.')),
  false,
)

export interface StartedService extends Stoppable, Pick<FpmFacts, 'mask' | 'configTest'> {
  readonly check: Check
  /** What a person tests its configuration with. */
  readonly test: string
  readonly isUp: boolean
}

export function findStarted(facts: HostFacts, service: string): Found<StartedService> {
  if (service === nginxUnit) return findNginx(facts)
  const found = findManaged(facts, service)
  if (!found.ok) return found
  const { binary, configPath, unit, mask, journal, configTest } = found.value
  return {
    ok: true,
    value: {
      ...{ service, unit, mask, journal, configTest },
      isUp: isUp(unit),
      check: { when: 'planned', check: 'fpm-config', service },
      test: `${binary} -F -O -t -y ${configPath}`,
    },
  }
}

function findNginx(facts: HostFacts): Found<StartedService> {
  const { unit, journal, configTest, binary } = facts.nginx
  if (!unit)
    return {
      ok: false,
      refused: refused(
        'No unit of systemd runs nginx here, so that Fleetmend does not start it.',
        `See that \`${binary} -t\` passes, then start it with what runs it here (its init script, its supervisor, its container), or \`${startsNginx(facts)}\`.`,
      ),
    }
  return {
    ok: true,
    value: {
      ...{ service: nginxUnit, unit, mask: null, journal, configTest },
      isUp: isUp(unit),
      check: { when: 'planned', check: 'nginx-config', service: nginxUnit },
      test: `${binary} -t`,
    },
  }
}

function isUp({ activeState }: Stoppable['unit']): boolean {
  return activeState === 'active' || activeState === 'reloading'
}

/** What a start would fail of, where its own test says so. */
export function refusedConfig({ service, configTest, test }: StartedService): ReturnType<typeof refused> | null {
  if (!configTest.ok || configTest.value.passes) return null
  return refused(
    `${service} cannot start: it refuses its configuration (exit code ${configTest.value.exitCode}).`,
    `See what it says: \`${test}\`.`,
  )
}

export function unitBasis({ service, unit }: Stoppable): BasisItem {
  const { activeState, unitFileState, loadState } = unit
  return { of: 'unit', service, activeState, unitFileState, loadState }
}
