/** Everybody's turn, again and again: whoever's turn it is not stands still, with all connections open. */
import type { Contestant } from './rivals.ts'
import { medianOf, type Turn } from './figures.ts'
import { cpuMsOf } from './process-use.ts'

export interface InTurns {
  readonly what: string
  readonly hosts: readonly string[]
  /** Left out: all at once. */
  readonly atOnce?: number
  readonly rounds: number
}

/** Medians by the names of contestants. `others`: pids that stand still, too. */
export async function inTurns(
  contestants: readonly Contestant[],
  others: readonly number[],
  { rounds, ...asked }: InTurns,
): Promise<ReadonlyMap<string, Turn>> {
  const turns = new Map<string, Turn[]>(contestants.map(({ name }) => [name, []]))
  // The first is for what is compiled on the way.
  for (let round = -1; round < rounds; round++) {
    for (const each of contestants) {
      const still = [...others, ...contestants.filter((other) => other !== each).flatMap((other) => other.allPids)]
      const turn = await whileStill(still, () => turnOf(each, asked))
      if (round >= 0) turns.get(each.name)?.push(turn)
    }
  }
  return new Map([...turns].map(([name, all]) => [name, medianOf(all)]))
}

async function turnOf({ pids, fanOut }: Contestant, asked: Omit<InTurns, 'rounds'>): Promise<Turn> {
  const cpu = (): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const before = cpu()
  const said = await fanOut(asked)
  return { ...said, cpuMs: cpu() - before }
}

/** A turn is seconds, and a line is taken for dead after more. */
export async function whileStill<Value>(pids: readonly number[], work: () => Promise<Value>): Promise<Value> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  try {
    return await work()
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  }
}
