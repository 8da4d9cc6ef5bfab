/** Files in `/etc/fleetmend` in which root tells this host whom and what to allow: they count only while nobody else could have written them. */
import type { FileFacts, ReadHost } from '../host/host.ts'

const folder = '/etc/fleetmend'

export type RootsFile =
  | { readonly ok: true; readonly text: string }
  /** `says` is a clause. */
  | { readonly ok: false; readonly why: 'missing' | 'unreadable'; readonly says: string }
  /** Somebody else may have written it; `toDo` is what makes it root's alone. */
  | { readonly ok: false; readonly why: 'distrusted'; readonly says: string; readonly toDo: string }

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
  const distrusted = distrust(facts.value, 'file', path, 'it')
  if (distrusted) return distrusted
  for (const [around, what] of foldersAround) {
    const found = await host.stat(around)
    if (!found.ok) return { ok: false, why: 'unreadable', says: `${what} cannot be examined: ${found.says}` }
    const elsewhere = distrust(found.value, 'directory', around, what)
    if (elsewhere) return elsewhere
  }
  const read = await host.readFile(path, limitBytes)
  return read.ok
    ? { ok: true, text: Buffer.from(read.value).toString('utf8') }
    : { ok: false, why: 'unreadable', says: `it cannot be read: ${read.says}` }
}

/** Whoever may write to one of them can put another file of root's in its place. */
const foldersAround = [
  [folder, 'its folder'],
  ['/etc', 'the folder /etc'],
  ['/', 'the folder /'],
] as const

function distrust(
  { kind, mode, uid }: FileFacts,
  expected: FileFacts['kind'],
  path: string,
  what: string,
): RootsFile | null {
  const refuse = (says: string, toDo: string): RootsFile => ({ ok: false, why: 'distrusted', says, toDo })
  if (kind !== expected) return refuse(`${what} is not a regular ${expected}`, `Put the ${expected} itself at ${path}.`)
  const toDo = `Make it root's alone:\n    chown root:root ${path}\n    chmod go-w ${path}`
  if (uid !== 0) return refuse(`${what} belongs to user ${uid}`, toDo)
  const octal = mode.toString(8).padStart(4, '0')
  return (mode & 0o022) === 0 ? null : refuse(`others than root may write to ${what} (mode ${octal})`, toDo)
}
