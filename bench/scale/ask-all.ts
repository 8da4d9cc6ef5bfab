/** Asks everybody the same, at once or a number at a time, and says how long each had to wait. */
import { percentile, type Asked } from './figures.ts'

export interface AskAll {
  readonly hosts: readonly string[]
  /** Left out: all of them. */
  readonly atOnce?: number
}

export async function askAll(
  { hosts, atOnce = hosts.length }: AskAll,
  ask: (host: string) => Promise<unknown>,
): Promise<Asked> {
  const waitedMs: number[] = []
  const startedMs = performance.now()
  const left = hosts.values()
  const worker = async (): Promise<void> => {
    for (const host of left) {
      const askedMs = performance.now()
      await ask(host)
      waitedMs.push(performance.now() - askedMs)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, hosts.length) }, worker))
  const wallMs = performance.now() - startedMs
  return { wallMs, p50Ms: percentile(waitedMs, 0.5), p99Ms: percentile(waitedMs, 0.99) }
}
