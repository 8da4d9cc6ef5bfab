/** Samples the host every minute while the agent serves. A sample that fails is no reason to end, and none to shout. */
import { appendSample, dropOldSamples } from '../samples/sample-store.ts'
import { sampler, type SampledHost } from '../samples/sampler.ts'
import type { StateFolder } from '../state/state-folder.ts'
import type { SampleTargets } from '../survey/sample-targets.ts'

const everyMs = 60_000
const dayMs = 24 * 60 * 60_000

export interface Sampling {
  readonly host: SampledHost
  readonly sampleTargets: () => Promise<SampleTargets>
  readonly state: StateFolder
  readonly say: (line: string) => void
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Called when nothing will happen for most of a minute. */
  readonly atRest: () => void
}

export async function keepSampling(
  { host, sampleTargets, state, say, sleep, atRest }: Sampling,
  signal: AbortSignal,
): Promise<void> {
  const samples = sampler(host, sampleTargets)
  let droppedAtMs = -Infinity
  let failure = ''
  while (!signal.aborted) {
    const startedMs = host.nowMs()
    try {
      await appendSample(state, await samples.sample())
      if (startedMs - droppedAtMs >= dayMs) await dropOldSamples(state, startedMs)
      if (startedMs - droppedAtMs >= dayMs) droppedAtMs = startedMs
      failure = ''
    } catch (error) {
      // As when the disk is full: said once, and tried again.
      const says = error instanceof Error ? error.message : String(error)
      if (says !== failure) say(`what is used was not recorded: ${says}`)
      failure = says
    }
    atRest()
    await sleep(Math.max(0, everyMs - (host.nowMs() - startedMs)), signal)
  }
}
