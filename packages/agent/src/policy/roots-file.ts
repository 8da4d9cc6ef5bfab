/** Files in `/etc/fleetmend` in which root tells this host whom and what to allow: they count only while nobody else could have written them. */
import type { FileFacts, ReadHost } from '../host/host.ts'

const folder = '/etc/fleetmend'

export type RootsFile =
  | { readonly ok: true; readonly text: string }
  /** `says` is a clause; `distrusted`: somebody else may have written it. */
  | { readonly ok: false; readonly why: 'missing' | 'distrusted' | 'unreadable'; readonly says: string }

export async function readRootsFile(
  host: Pick<ReadHost, 'stat' | 'readFile'>,
  path: `${typeof folder}/${string}`,
  limitBytes: number,
): Promise<RootsFile> {
  const facts = await host.stat(path)
  if (!facts.ok) {
    return facts.why === 'missing'
      ? { ok: false, why: 'missing', says: 'there is none' }
      : { ok: false, why: 'unreadable', says: `it cannot be examined: ${facts.says}` }
  }
  // Whoever may write to the folder can put another file of root's in its place.
  const around = await host.stat(folder)
  if (!around.ok) return { ok: false, why: 'unreadable', says: `its folder cannot be examined: ${around.says}` }
  const distrust = whyNotTrusted(facts.value, 'file', 'it') ?? whyNotTrusted(around.value, 'directory', 'its folder')
  if (distrust !== null) return { ok: false, why: 'distrusted', says: distrust }
  const read = await host.readFile(path, limitBytes)
  return read.ok
    ? { ok: true, text: Buffer.from(read.value).toString('utf8') }
    : { ok: false, why: 'unreadable', says: `it cannot be read: ${read.says}` }
}

function whyNotTrusted({ kind, mode, uid }: FileFacts, expected: FileFacts['kind'], what: string): string | null {
  if (kind !== expected) return `${what} is not a regular ${expected}`
  if (uid !== 0) return `${what} belongs to user ${uid}`
  return (mode & 0o022) === 0
    ? null
    : `others than root may write to ${what} (mode ${mode.toString(8).padStart(4, '0')})`
}

/** What a person does about a file that is distrusted. */
export function howToOwn(path: string): string {
  return `Make both root's alone:\n    chown root:root ${folder} ${path}\n    chmod 0755 ${folder}\n    chmod 0644 ${path}`
}
