/** Looks at the listeners of a host a few times: a queue that stays is saturation, one that is gone was a burst. */
import type { ProcessFacts, Read, ReadHost } from '../host/host.ts'
import { readTcpListeners, readUnixListeners, type Listener } from '../readings/listeners.ts'
import { answerOf } from './answer-of.ts'
import type { QueueSamples } from './pool-facts.ts'
import { procListeners, socketHolders, type Holders } from './proc-listeners.ts'

/**
 * Over most of a second: longer than a burst that a warm pool absorbs, shorter than a person's patience. A host on which
 * no queue is left that was never empty is not looked at again: nothing it shows then could be saturation.
 */
const samples = 5
const betweenMs = 180

export async function sampleQueues(host: ReadHost, processes: readonly ProcessFacts[]): Promise<QueueSamples> {
  const seen: (readonly Listener[])[] = []
  let holders: Holders | null = null
  for (let i = 0; i < samples; i++) {
    if (i > 0) await host.sleep(betweenMs)
    let listeners: Read<readonly Listener[]> = holders ? await procListeners(host, holders) : await readListeners(host)
    if (!listeners.ok && listeners.why === 'missing' && !holders) {
      holders = await socketHolders(host, processes)
      const without = await procListeners(host, holders)
      listeners = without.ok ? without : listeners
    }
    if (!listeners.ok) return listeners
    seen.push(listeners.value)
    if (!seen[0]?.some((listener) => isAlwaysWaiting(listener, seen))) break
  }
  return { ok: true, value: seen }
}

function isAlwaysWaiting({ address }: Listener, seen: readonly (readonly Listener[])[]): boolean {
  return seen.every((listeners) => listeners.some((each) => each.address === address && each.waiting > 0))
}

async function readListeners(host: ReadHost): Promise<Read<readonly Listener[]>> {
  const listeners = await answerOf(host, { tool: 'listeners' })
  if (!listeners.ok) return listeners
  return { ok: true, value: [...readUnixListeners(listeners.value), ...readTcpListeners(listeners.value)] }
}
