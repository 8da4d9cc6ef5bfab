/** The state of a file as plans know it: content (as an HMAC), mode, owner and group. */
import type { FileState } from '@fleetmend/shared'
import type { FileFacts, Read, ReadHost } from '../host/host.ts'
import { hmacOf, type HostKey } from '../state/host-key.ts'

export interface ReadFileState {
  readonly state: FileState
  readonly bytes: Uint8Array
  readonly facts: FileFacts
}

/** Null when there is no such file. Anything but a plain file is an answer of its own, never followed. */
export async function readFileState(host: ReadHost, key: HostKey, path: string): Promise<Read<ReadFileState | null>> {
  for (let attempt = 0; attempt < readAttempts; attempt++) {
    const facts = await host.stat(path)
    if (!facts.ok) return facts.why === 'missing' ? { ok: true, value: null } : facts
    if (facts.value.kind !== 'file')
      return { ok: false, why: 'failed', says: `it is a ${facts.value.kind}, not a file` }
    const bytes = await host.readFile(path)
    if (!bytes.ok) return bytes
    const again = await host.stat(path)
    if (again.ok && isSame(facts.value, again.value)) return described(host, key, bytes.value, facts.value)
  }
  return { ok: false, why: 'failed', says: 'it changes while it is being read' }
}

/** An editor that saves at this very moment is over by the second or third time. */
const readAttempts = 3

async function described(
  host: ReadHost,
  key: HostKey,
  bytes: Uint8Array,
  facts: FileFacts,
): Promise<Read<ReadFileState>> {
  const [owner, group] = await Promise.all([host.userName(facts.uid), host.groupName(facts.gid)])
  const state = { hmac: hmacOf(key, bytes), bytes: bytes.length, mode: octalMode(facts.mode), owner, group }
  return { ok: true, value: { state, bytes, facts } }
}

/** `0644`, as `FileState` writes permission bits. */
export function octalMode(mode: number): string {
  return `0${mode.toString(8).padStart(3, '0')}`
}

/** Every byte, the mode, the owner and the group. */
export function isSameState(a: FileState | null, b: FileState | null): boolean {
  if (a === null || b === null) return a === b
  return isSameContent(a, b) && a.mode === b.mode && a.owner === b.owner && a.group === b.group
}

export function isSameContent(a: FileState, b: FileState): boolean {
  return a.hmac === b.hmac && a.bytes === b.bytes
}

function isSame(a: FileFacts, b: FileFacts): boolean {
  return (
    a.inode === b.inode &&
    a.device === b.device &&
    a.modifiedMs === b.modifiedMs &&
    a.sizeBytes === b.sizeBytes &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid
  )
}
