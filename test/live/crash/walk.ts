/** One remediation, cut off everywhere: before each of its deeds, at random moments, and with the power of the whole host. */
import type { Host } from '../faults/host-kit.ts'
import type { CrashCase } from './crash-cases.ts'
import { cutOff, type Moment } from './cut-off.ts'
import { openScene, type Scene } from './scene.ts'
import type { CrashRow } from './whole.ts'

export interface Extent {
  /** From the first deed on; otherwise from the line that announces changes: before it, all remediations do the same. */
  readonly fromTheStart: boolean
  /** Before so many of its deeds, evenly; left out: before each. */
  readonly kills?: number
  readonly randomKills: number
  /** Of the whole host: at this many boundaries, and once at random. */
  readonly powerCuts: number
}

export async function* walk(host: Host, crashCase: CrashCase, extent: Extent): AsyncGenerator<CrashRow> {
  const scene = await openScene(host, crashCase)
  const all = boundaries(scene)
  const own = all.slice(extent.fromTheStart ? 0 : all.findIndex(({ deed }) => deed === 'journal: intent'))
  for (const moment of spread(own, extent.kills ?? own.length)) yield await cutThere(scene, 'kill', moment)
  for (let done = 0; done < extent.randomKills; done++) yield await cutSometime(scene, 'kill')
  for (const moment of spread(own, extent.powerCuts)) yield await cutThere(scene, 'power', moment)
  if (extent.powerCuts > 0) yield await cutSometime(scene, 'power')
}

interface Boundary {
  readonly deed: string
  readonly nth: number
}

/** Before each deed: named, and counted where several are called the same, because not every run does each at the same number. */
export function boundaries({ deeds }: Pick<Scene, 'deeds'>): readonly Boundary[] {
  return deeds.map((deed, index) => ({ deed, nth: deeds.slice(0, index + 1).filter((each) => each === deed).length }))
}

/** How many workers are told to finish differs from run to run; then the first of them stands for the one that there was not. */
async function cutThere(scene: Scene, cut: 'kill' | 'power', moment: Boundary): Promise<CrashRow> {
  for (const at of [moment, { ...moment, nth: 1 }]) {
    const row = await cutOff(scene, cut, at)
    if (row !== null) return row
  }
  throw new Error(`${scene.crashCase.remediation} did not come to \`${moment.deed}\` again.`)
}

/** Until it is hit: an apply may be through before its time is over. */
async function cutSometime(scene: Scene, cut: 'kill' | 'power'): Promise<CrashRow> {
  for (;;) {
    const moment: Moment = { afterMs: Math.floor(Math.random() * scene.tookMs) }
    const row = await cutOff(scene, cut, moment)
    if (row !== null) return row
  }
}

function spread<T>(all: readonly T[], count: number): readonly T[] {
  const step = all.length / Math.max(1, count)
  return Array.from(
    { length: Math.min(count, all.length) },
    (_, index) => all[Math.floor((index + 0.5) * step)],
  ).filter((each): each is T => each !== undefined)
}
