/** Whether somebody wanted a service down: stopped, disabled or masked it, and who and when, as far as that is known (DESIGN D11). */
import type { Evidence } from '@fleetmend/shared'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'
import { stopStory, type Stoppable } from './stop-story.ts'
import { whoDid } from './who-did.ts'

export interface WantedDown {
  readonly how: 'masked' | 'stopped' | 'disabled'
  /** "was stopped at … through systemctl by alice, with sudo" */
  readonly says: string
  readonly evidence: readonly Evidence[]
}

/** What stops a service, by hand or in a script. */
export const stoppingVerbs = ['stop', 'disable', 'mask', 'isolate', 'kill']

/** PHP-FPM's service, or nginx's, of which no more than its unit is known. */
export interface Wanted extends Stoppable {
  readonly mask?: FpmFacts['mask']
}

/** Null where nobody did: it crashed, it ended by itself, it runs. */
export function wantedDown(facts: HostFacts, service: Wanted): WantedDown | null {
  const { unit } = service
  if (unit.loadState.startsWith('masked')) return masked(facts, service)
  const story = stopStory(service)
  if (story.how === 'stopped-on-purpose') {
    const who = whoDid(facts, service.service, stoppingVerbs, story.askedAtMs)
    return {
      how: 'stopped',
      says: `was stopped${at(story.atMs)} through systemctl${by(who?.name)}`,
      evidence: [...story.evidence, ...(who?.evidence ?? [])],
    }
  }
  if (story.how !== 'never-started' || !isDisabled(service)) return null
  return {
    how: 'disabled',
    says: 'is disabled and has not been started since this host booted',
    evidence: [{ source: `systemctl show ${service.service}`, says: 'unit file disabled, never started' }],
  }
}

/** Nothing starts it at boot. */
export function isDisabled({ unit }: Pick<Stoppable, 'unit'>): boolean {
  return unit.unitFileState === 'disabled' && unit.startedBy.length === 0
}

function masked(facts: HostFacts, { service, unit, mask }: Wanted): WantedDown {
  const who = mask ? whoDid(facts, service, ['mask'], mask.madeAtMs) : null
  const { loadState, activeState, subState, unitFileState } = unit
  const state = `LoadState=${loadState}, ${activeState}/${subState}, unit file ${unitFileState}`
  return {
    how: 'masked',
    says: `was masked${at(mask?.madeAtMs ?? null)}${by(who?.name)}`,
    evidence: [
      { source: `systemctl show ${service}`, says: state },
      ...(mask ? [{ source: mask.path, says: `leads to ${mask.leadsTo}`, at: instantOf(mask.madeAtMs) }] : []),
      ...(who?.evidence ?? []),
    ],
  }
}

function at(ms: number | null): string {
  return ms === null ? '' : ` at ${instantOf(ms)}`
}

function by(name: string | null | undefined): string {
  return name ? ` by ${name}` : ''
}
