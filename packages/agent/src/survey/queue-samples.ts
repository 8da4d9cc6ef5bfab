/** Looks at the listeners of a host a few times: a queue that stays is saturation, one that is gone was a burst. */
import type { ProcessFacts, Read, ReadHost, SocketAddress } from '../host/host.ts'
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

/**
 * Where nobody listens at any of these addresses, nobody waits: the kernel's tables say so, and no program is started to
 * ask. Null: any address may be one of them.
 */
export async function sampleQueuesAt(
  host: ReadHost,
  processes: readonly ProcessFacts[],
  addresses: readonly SocketAddress[] | null,
): Promise<QueueSamples> {
  if (addresses === null) return await sampleQueues(host, processes)
  const listening = await procListeners(host, new Map())
  const isUsed = !listening.ok || listening.value.some((listener) => addresses.some((to) => mayTake(listener, to)))
  return isUsed ? await sampleQueues(host, processes) : { ok: true, value: [listening.value] }
}

/** By the port alone, as a name may be any address of this host, and by the last name of a path, which links may lead to. */
function mayTake({ address }: Listener, to: SocketAddress): boolean {
  const last = (each: SocketAddress) => each.slice(each.lastIndexOf(each.startsWith('unix:') ? '/' : ':'))
  return last(address) === last(to)
}

function isAlwaysWaiting({ address }: Listener, seen: readonly (readonly Listener[])[]): boolean {
  return seen.every((listeners) => listeners.some((each) => each.address === address && each.waiting > 0))
}

async function readListeners(host: ReadHost): Promise<Read<readonly Listener[]>> {
  const listeners = await answerOf(host, { tool: 'listeners' })
  if (!listeners.ok) return listeners
  return { ok: true, value: [...readUnixListeners(listeners.value), ...readTcpListeners(listeners.value)] }
}
