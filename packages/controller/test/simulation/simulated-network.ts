/**
 * The way from a controller to the hosts of a simulation: slow, sometimes broken before a command arrives, sometimes after;
 * now and then a command arrives twice, and an answer makes no sense. What is known of a call is told as the real fleet does.
 */
import type { ApplyReport, HostId, Problem } from '@fleetmend/shared'
import type { ApplyAnswer, Fleet, NotReached } from '../../src/runs/fleet-port.ts'
import type { Chance } from './chance.ts'
import type { SimulatedHost } from './simulated-hosts.ts'
import type { Timeline } from './timeline.ts'

export interface NetworkOptions {
  readonly chance: Chance
  readonly timeline: Timeline
  readonly hosts: ReadonlyMap<HostId, SimulatedHost>
  /** How often a call breaks, on either way; 0 once the weather is fine. */
  readonly breaks: () => number
  readonly tell: (who: string, says: string) => void
}

/** lost: it was on its way when the line broke · away: nobody was there to be told. */
type Delivered<Value> =
  | { readonly kind: 'answered'; readonly value: Value }
  | { readonly kind: 'lost'; readonly arrived: boolean }
  | { readonly kind: 'away' }

export function simulatedFleet({ chance, timeline, hosts, breaks, tell }: NetworkOptions): Fleet {
  const later = (ms: number): Promise<void> => new Promise((resolve) => timeline.after(ms, resolve))
  const travel = (): Promise<void> => later(chance.is(0.05) ? chance.between(1000, 8000) : chance.between(1, 200))

  /** Asks a host; what it was asked arrives at most once unless chance says otherwise. */
  async function ask<Value>(
    id: HostId,
    question: (host: SimulatedHost) => Value | Promise<Value>,
  ): Promise<Delivered<Value>> {
    const host = hosts.get(id)
    if (!host || host.isAway || host.isRemoved) {
      await later(chance.between(0, 8000))
      return { kind: 'away' }
    }
    const { line } = host
    await travel()
    if (host.line !== line || chance.is(breaks())) return { kind: 'lost', arrived: false }
    const answering = Promise.resolve(question(host))
    if (chance.is(breaks())) {
      tell(id, 'was told the same twice')
      void travel().then(() => question(host))
    }
    const value = await Promise.race([answering, brokenLine(host)])
    if (value === broken) return { kind: 'lost', arrived: true }
    await travel()
    return host.line !== line || chance.is(breaks()) ? { kind: 'lost', arrived: true } : { kind: 'answered', value }
  }

  /** A caller learns of a broken line soon, not at once. */
  async function brokenLine(host: SimulatedHost): Promise<typeof broken> {
    await host.untilCut()
    await later(chance.between(1000, 20_000))
    return broken
  }

  return {
    async plan(host) {
      const said = await ask(host, (there) => there.plan())
      if (said.kind === 'answered') return said.value
      return { ...unreachable, how: said.kind === 'lost' ? 'timed-out' : 'unreachable' }
    },

    async apply(host, plan, authority): Promise<ApplyAnswer> {
      const said = await ask<ApplyReport | Problem>(host, (there) => there.apply(plan, authority))
      if (said.kind === 'away') return unreachable
      if (said.kind === 'lost') return { kind: 'lost', says: said.arrived ? 'Its answer was lost.' : 'It was lost.' }
      if ('code' in said.value) return { kind: 'refused', problem: said.value }
      return { kind: 'reported', report: chance.is(breaks() / 4) ? nonsense(said.value) : said.value }
    },

    async askApply(host, plan) {
      const said = await ask(host, (there) => there.report(plan))
      if (said.kind !== 'answered')
        return hosts.get(host)?.isRemoved ? { kind: 'gone', says: 'It was taken out of this fleet.' } : unreachable
      return said.value ? { kind: 'reported', report: said.value } : { kind: 'never-heard' }
    },

    async presence(id) {
      const host = hosts.get(id)
      return host?.isRemoved !== false ? 'gone' : host.isAway ? 'away' : 'here'
    },

    async look(id) {
      const said = await ask(id, () => chance.is(breaks()))
      if (said.kind !== 'answered') return unreachable
      return said.value ? { kind: 'unwell', says: 'It fails again.' } : { kind: 'well' }
    },
  }
}

const broken = Symbol('broken')
const unreachable: NotReached = { kind: 'not-reached', how: 'unreachable', says: 'It is not connected.' }

/** As an agent of another version might answer, or one that lies. */
function nonsense(report: ApplyReport): ApplyReport {
  return { ...report, host: 'somebody-else' }
}
