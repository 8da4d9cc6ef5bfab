/** Store and fleet of a controller that may be killed between any two steps, before each is done or after it. */
import type { Fleet } from '../src/runs/fleet-port.ts'
import type { RunStore } from '../src/runs/run-store.ts'

export interface Life {
  /** Passes a point, or dies there: what is dead neither does anything more nor hears of anything, so it never answers. */
  point(where: string): Promise<void>
}

export function mortalStore(store: RunStore, life: Life): RunStore {
  return {
    create: (...all) => around(life, 'create', () => store.create(...all)),
    save: (...all) => around(life, `save ${all[1].type}`, () => store.save(...all)),
    load: (...all) => around(life, 'load', () => store.load(...all)),
    claim: (...all) => around(life, 'claim', () => store.claim(...all)),
    inChange: () => around(life, 'inChange', () => store.inChange()),
    forgetGivenUp: (...all) => around(life, 'forgetGivenUp', () => store.forgetGivenUp(...all)),
    startedWith: (key) => around(life, 'startedWith', () => store.startedWith(key)),
  }
}

export function mortalFleet(fleet: Fleet, life: Life): Fleet {
  return {
    plan: (...all) => around(life, `plan ${all[0]}`, () => fleet.plan(...all)),
    apply: (...all) => around(life, `apply ${all[0]}`, () => fleet.apply(...all)),
    askApply: (...all) => around(life, `ask ${all[0]}`, () => fleet.askApply(...all)),
    presence: (host) => around(life, `presence ${host}`, () => fleet.presence(host)),
    look: (...all) => around(life, `look ${all[0]}`, () => fleet.look(...all)),
  }
}

/** Killed before it was done, or after it was done but before that was known. */
async function around<Answer>(life: Life, what: string, act: () => Promise<Answer>): Promise<Answer> {
  await life.point(`before ${what}`)
  const answer = await act()
  await life.point(`after ${what}`)
  return answer
}
