/**
 * What this host keeps to: its policy and its freeze file, read anew each time, so that a change takes effect at once.
 * A policy that cannot be kept as it is written lets nothing be applied; where there is none, the defaults hold.
 */
import type { Problem } from '@fleetmend/shared'
import { Policy } from '@fleetmend/shared/model/policy'
import { problem } from '@fleetmend/shared/problems'
import type { ReadHost } from '../host/host.ts'
import { freezePath, policyPath, type HostLimits } from '../judgement/brakes.ts'
import { readRootsFile } from './roots-file.ts'

export type LimitsRead =
  | { readonly ok: true; readonly value: HostLimits; readonly isWritten: boolean }
  | { readonly ok: false; readonly problem: Problem }

/** A hundred windows are far less. */
const policyLimitBytes = 64 * 1024

export async function readHostLimits(host: Pick<ReadHost, 'stat' | 'readFile'>): Promise<LimitsRead> {
  const file = await readRootsFile(host, policyPath, policyLimitBytes)
  if (!file.ok && file.why !== 'missing')
    return unusable(`${policyPath}: ${file.says}.`, file.why === 'distrusted' ? file.toDo : null)
  const read = file.ok ? await readText(file.text) : { ok: true as const, value: Policy.parse({}) }
  if (!read.ok) return unusable(`${policyPath}:${read.line}: ${read.says}`, null)
  const zone = read.value.maintenance.timeZone === 'UTC' ? 'UTC' : Temporal.Now.timeZoneId()
  return { ok: true, value: { policy: read.value, zone, frozen: await readFreeze(host) }, isWritten: file.ok }
}

/** YAML is loaded where there is some. */
async function readText(text: string) {
  const { readPolicy } = await import('../readings/yaml/policy-text.ts')
  return readPolicy(text)
}

function unusable(says: string, toDo: string | null): LimitsRead {
  const why = 'What this host allows is not known, and so nothing is applied here. A rollback is never held back.'
  const steps = toDo ?? `Correct it as root on this host, and see what it comes to:\n    fleetmend-agent policy`
  return { ok: false, problem: problem('policy-unusable', `${says}\n\n${why}\n\n${steps}`) }
}

const reasonLimit = 500

/** Whatever stands there freezes, whoever put it there: a brake is never too easy to pull. */
async function readFreeze(host: Pick<ReadHost, 'stat' | 'readFile'>): Promise<string | null> {
  const facts = await host.stat(freezePath)
  if (!facts.ok) return facts.why === 'missing' ? null : `${freezePath} cannot be examined: ${facts.says}.`
  const read = facts.value.kind === 'file' ? await host.readFile(freezePath) : null
  if (!read?.ok) return ''
  return Buffer.from(read.value).toString('utf8').replaceAll(/\s+/g, ' ').trim().slice(0, reasonLimit)
}
