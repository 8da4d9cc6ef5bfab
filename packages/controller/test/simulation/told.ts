/** A seed that broke a rule, for whoever has to find out why: its story, what was broken, and how to see it again. */
import type { Simulated } from './simulate.ts'

export function told({ seed, history, broken }: Simulated): string {
  const rules = broken.map((each) => `  ${each}`)
  return `Seed ${seed}:\n\n${history.join('\n')}\n\nBroken:\n${rules.join('\n')}\n\nTo see it again:\n    npm run simulate -- --from ${seed} --seeds 1\n`
}
