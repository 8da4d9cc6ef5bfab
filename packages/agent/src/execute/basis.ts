/**
 * What a plan rests on, compared under the lock just before the first write. Every difference
 * is named in a sentence, because "the host changed" helps nobody at 03:00.
 */
import type { BasisItem, DirectoryState, Plan } from '@fleetmend/shared'
import type { Read, ReadHost } from '../host/host.ts'
import type { HostKey } from '../state/host-key.ts'
import { isSameDirectory, readDirectoryState } from './change-side.ts'
import { isSameContent, isSameState, readFileState } from './file-state.ts'
import { isSame } from './same-process.ts'
import { readRunning, readUnit } from './unit-state.ts'

type ItemOf<Kind extends BasisItem['of']> = Extract<BasisItem, { of: Kind }>

async function takeUnit(host: ReadHost, service: string): Promise<Read<ItemOf<'unit'>>> {
  const unit = await readUnit(host, service)
  if (!unit.ok) return unit
  const { activeState, unitFileState, loadState } = unit.value
  return { ok: true, value: { of: 'unit', service, activeState, unitFileState, loadState } }
}

async function takeMaster(host: ReadHost, service: string): Promise<Read<ItemOf<'master'>>> {
  const running = await readRunning(host, service)
  if (!running.ok) return running
  const { pid, startTicks } = running.value.main
  return { ok: true, value: { of: 'master', service, pid, startTicks } }
}

/** A sentence for each thing that is not as it was; empty: the plan still fits this host. */
export async function staleness(host: ReadHost, key: HostKey, plan: Plan): Promise<readonly string[]> {
  const differences: string[] = []
  for (const item of plan.basis.exact) {
    const says = await difference(host, key, item, plan.madeAt)
    if (says !== null) differences.push(says)
  }
  return differences
}

async function difference(host: ReadHost, key: HostKey, item: BasisItem, madeAt: string): Promise<string | null> {
  switch (item.of) {
    case 'file':
      return fileDifference(host, key, item, madeAt)
    case 'directory':
      return directoryDifference(host, item)
    case 'unit':
      return unitDifference(host, item)
    case 'master':
      return masterDifference(host, item)
  }
}

async function fileDifference(
  host: ReadHost,
  key: HostKey,
  item: ItemOf<'file'>,
  madeAt: string,
): Promise<string | null> {
  const { path, state: then } = item
  const now = await readFileState(host, key, path)
  if (!now.ok) return `${path} cannot be compared with what it was at ${clock(madeAt)}: ${now.says}.`
  // A link put into the path would lead the write elsewhere, though the bytes behind it are the same.
  const real = now.value && (await host.resolve(path))
  if (real?.ok && real.value !== path) return `${path} now leads to ${real.value} through a link.`
  if (isSameState(now.value?.state ?? null, then)) return null
  if (now.value === null) return `${path} was removed after the plan was made at ${clock(madeAt)}.`
  const { state, facts } = now.value
  if (then === null) return `${path} exists now, and did not when the plan was made at ${clock(madeAt)}.`
  if (!isSameContent(state, then)) {
    const editedAt = new Date(facts.modifiedMs).toISOString()
    return editedAt > madeAt
      ? `${path} was edited at ${clock(editedAt)}, after the plan was made at ${clock(madeAt)}.`
      : `${path} has other content than when the plan was made at ${clock(madeAt)}, though its own date is ${editedAt}.`
  }
  return `${path} has ${attributesOf(state)} now, and had ${attributesOf(then)} when the plan was made at ${clock(madeAt)}.`
}

async function directoryDifference(host: ReadHost, { path, state }: ItemOf<'directory'>): Promise<string | null> {
  const now = await readDirectoryState(host, path)
  if (!now.ok) return `${path} cannot be compared with what it was: ${now.says}.`
  if (isSameDirectory(now.value, state)) return null
  return `${path} has ${attributesOf(now.value)} now, and had ${attributesOf(state)} when the plan was made.`
}

async function unitDifference(host: ReadHost, then: ItemOf<'unit'>): Promise<string | null> {
  const now = await takeSettledUnit(host, then.service)
  if (!now.ok) return `The state of ${then.service} cannot be read: ${now.says}.`
  const differing = (['activeState', 'unitFileState', 'loadState'] as const).filter(
    (each) => settled(now.value[each]) !== settled(then[each]),
  )
  if (differing.length === 0) return null
  return `${then.service} is ${differing.map((each) => now.value[each]).join(', ')} now, and was ${differing.map((each) => then[each]).join(', ')} when the plan was made.`
}

/** One that dies is `deactivating` for a moment (ExecStopPost=), as is one that a person stops: what comes of it tells. */
async function takeSettledUnit(host: ReadHost, service: string): ReturnType<typeof takeUnit> {
  for (const endMs = host.nowMs() + settleLimitMs; ; await host.sleep(settlePollMs)) {
    const unit = await takeUnit(host, service)
    if (!unit.ok || unit.value.activeState !== 'deactivating' || host.nowMs() >= endMs) return unit
  }
}

const settleLimitMs = 2000
const settlePollMs = 50

/** One that systemd starts again and again goes to and fro between these, and is down in all of them (systemd.service(5), `Restart=`). */
function settled(state: string): string {
  return state === 'activating' || state === 'deactivating' ? 'failed' : state
}

async function masterDifference(host: ReadHost, then: ItemOf<'master'>): Promise<string | null> {
  const now = await takeMaster(host, then.service)
  if (!now.ok) return `The master of ${then.service} is not the one that the plan was made for: ${now.says}.`
  if (isSame(now.value, then)) return null
  return `${then.service} was restarted after the plan was made: its master was process ${then.pid} and is ${now.value.pid}.`
}

function attributesOf({ mode, owner, group }: DirectoryState): string {
  return `mode ${mode}, owner ${owner}:${group}`
}

/** The time of day of an instant, as people compare two of them. */
export function clock(instant: string): string {
  return `${instant.slice(11, 19)} UTC`
}
