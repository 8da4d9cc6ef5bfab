/** Bounds that must hold at the moment of acting; evaluated again instead of compared. */
import type { Guard, Plan } from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { instantOf } from '../judgement/instant.ts'
import { editedAfterLoad } from '../judgement/unloaded-nginx.ts'
import { readMeminfo } from '../readings/proc.ts'
import { readNginxLoad } from '../survey/nginx-load.ts'

/** A sentence for each bound that does not hold, or cannot be shown to; empty: go on. */
export async function failingGuards(host: ReadHost, plan: Plan): Promise<readonly string[]> {
  const says = await Promise.all(plan.basis.guards.map((guard) => failure(host, guard)))
  return says.filter((each) => each !== null)
}

async function failure(host: ReadHost, guard: Guard): Promise<string | null> {
  switch (guard.guard) {
    case 'memory-available':
      return memoryFailure(host, guard.atLeastMiB)
    case 'nginx-loaded':
      return nginxFailure(host)
  }
}

async function memoryFailure(host: ReadHost, atLeastMiB: number): Promise<string | null> {
  const file = await host.readFile('/proc/meminfo')
  const memory = file.ok ? readMeminfo(textOf(file.value)) : null
  if (memory === null)
    return `Whether ${atLeastMiB} MiB of memory are available cannot be told: /proc/meminfo ${file.ok ? 'is not understood' : `cannot be read (${file.says})`}.`
  if (memory.availableMiB >= atLeastMiB) return null
  return `${memory.availableMiB} MiB of memory are available, and the plan needs ${atLeastMiB} MiB.`
}

/** Asked before the first write, so that what the plan itself edits does not count. */
async function nginxFailure(host: ReadHost): Promise<string | null> {
  const load = await readNginxLoad(host)
  const unknown = load.ok ? load.value.loadedAtMs === null && 'when its workers began is not known' : load.says
  if (!load.ok || unknown) return `Whether nginx has loaded its files cannot be told: ${unknown}.`
  const editedMs = editedAfterLoad(load.value)
  if (editedMs === null) return null
  return `The files of nginx were edited at ${instantOf(editedMs)} and are not loaded; the reload of nginx that belongs to this plan would load that too.`
}
