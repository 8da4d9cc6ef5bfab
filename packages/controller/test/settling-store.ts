/** A run store of which a test knows when nothing is under way in it: over a network an answer takes more than a turn of promises. */
import type { RunStore } from '../src/runs/run-store.ts'

export interface SettlingStore {
  readonly store: RunStore
  /** Returns when everything that can go on without time passing has gone on. */
  settle(): Promise<void>
}

/** `turns` of the event loop without anything under way: what a test does beside its store may take more than one. */
export function settlingStore(inner: RunStore, turns: number): SettlingStore {
  let asked = 0
  const counted = async <Answer>(answering: Promise<Answer>): Promise<Answer> => {
    asked++
    try {
      return await answering
    } finally {
      asked--
    }
  }
  return {
    store: {
      create: (...all) => counted(inner.create(...all)),
      save: (...all) => counted(inner.save(...all)),
      load: (...all) => counted(inner.load(...all)),
      claim: (...all) => counted(inner.claim(...all)),
      inChange: () => counted(inner.inChange()),
      forgetGivenUp: (...all) => counted(inner.forgetGivenUp(...all)),
      startedWith: (key) => counted(inner.startedWith(key)),
    },
    async settle() {
      for (let still = 0; still < turns; still = asked > 0 ? 0 : still + 1)
        await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
