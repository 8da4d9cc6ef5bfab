/** Where the host is now on a change: as it was before, as it was planned, or as somebody else has made it. */
import type { Change, ChangeOf, DirectoryState, UnitSetting } from '@fleetmend/shared'
import type { Read, ReadHost } from '../host/host.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import type { HostKey } from '../state/host-key.ts'
import { isSameState, octalMode, readFileState } from './file-state.ts'
import { readUnit } from './unit-state.ts'

export type Side = 'before' | 'after'

export async function sideOf(host: ReadHost, key: HostKey, change: Change): Promise<Read<Side | 'neither'>> {
  switch (change.of) {
    case 'file': {
      const now = await readFileState(host, key, change.path)
      return now.ok ? which(change, (stated) => isSameState(now.value?.state ?? null, stated)) : now
    }
    case 'directory': {
      const now = await readDirectoryState(host, change.path)
      return now.ok ? which(change, (stated) => isSameDirectory(now.value, stated)) : now
    }
    case 'unit-setting': {
      const now = await readUnit(host, change.service)
      return now.ok ? which(change, (stated) => isSet(now.value, change.setting) === stated) : now
    }
  }
}

/** A directory itself; a link to one is not followed. */
export async function readDirectoryState(host: ReadHost, path: string): Promise<Read<DirectoryState>> {
  const facts = await host.stat(path)
  if (!facts.ok) return facts
  if (facts.value.kind !== 'directory')
    return { ok: false, why: 'failed', says: `it is a ${facts.value.kind}, not a directory` }
  const [owner, group] = await Promise.all([host.userName(facts.value.uid), host.groupName(facts.value.gid)])
  return { ok: true, value: { mode: octalMode(facts.value.mode), owner, group } }
}

export function isSameDirectory(a: DirectoryState, b: DirectoryState): boolean {
  return a.mode === b.mode && a.owner === b.owner && a.group === b.group
}

/** As UnitFileState says it (systemctl(1), is-enabled); a mask hides whether the unit is enabled. */
export function isSet({ unitFileState }: Pick<UnitProperties, 'unitFileState'>, setting: UnitSetting): boolean {
  return unitFileState === setting
}

/** What is changed, as the timeline names it. */
export function nameOf(change: Change): string {
  return change.of === 'unit-setting' ? `${change.service} (${change.setting})` : change.path
}

function which<C extends Change | ChangeOf<'file'>>(
  change: C,
  is: (stated: C['before']) => boolean,
): Read<Side | 'neither'> {
  if (is(change.before)) return { ok: true, value: 'before' }
  return { ok: true, value: is(change.after) ? 'after' : 'neither' }
}
