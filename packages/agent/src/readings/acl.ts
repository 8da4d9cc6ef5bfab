/** Access control lists of files, as `getfacl --absolute-names --numeric` prints them, and whom they let through. */

export interface AclEntry {
  readonly is: 'owner' | 'user' | 'owning-group' | 'group' | 'mask' | 'other'
  /** Of a named user or group. */
  readonly id: number | null
  readonly read: boolean
  readonly write: boolean
  readonly execute: boolean
  /** As printed, e.g. `group:33:---`. */
  readonly text: string
}

/** By path, where there is more than the mode says. Default entries, which only new files get, are left out. */
export function readAcls(text: string): ReadonlyMap<string, readonly AclEntry[]> {
  return new Map(
    text.split(/\n\n+/).flatMap((block) => {
      const path = /^# file: (.+)$/m.exec(block)?.[1]
      const entries = readEntries(block)
      // Without a mask it is the mode in other words.
      const isMore = entries.some(({ is }) => is === 'mask')
      return path === undefined || !isMore ? [] : [[unescaped(path), entries] as const]
    }),
  )
}

function readEntries(block: string): readonly AclEntry[] {
  return block.split('\n').flatMap((line) => {
    const match = /^(user|group|mask|other):(\d*):([r-])([w-])([x-])/.exec(line)
    if (!match) return []
    const [text, tag, id, read, write, execute] = match
    const named = id !== ''
    const is = tag === 'user' ? (named ? 'user' : 'owner') : tag === 'group' ? (named ? 'group' : 'owning-group') : tag
    return [
      {
        is: is as AclEntry['is'],
        id: named ? Number(id) : null,
        read: read === 'r',
        write: write === 'w',
        execute: execute === 'x',
        text,
      },
    ]
  })
}

/** Octal escapes for what is not printable, and `\\` for a backslash. */
function unescaped(path: string): string {
  return path.replace(/\\(?:([0-7]{3})|\\)/g, (_, octal: string | undefined) =>
    octal === undefined ? '\\' : String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

export interface Account {
  readonly uid: number
  readonly gid: number
  /** Supplementary ones. */
  readonly groups: readonly number[]
}

export interface Guarded {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Empty where it has no list, or where none could be read. */
  readonly acl: readonly AclEntry[]
}

/**
 * What keeps an account from entering a directory (`execute`) or connecting to a socket (`write`), in the order of
 * acl(5); null when nothing does. The first class that an account belongs to decides, also when a later one is wider.
 */
export function denialOf(file: Guarded, account: Account, right: 'write' | 'execute'): string | null {
  // Root's capabilities go past all of this.
  if (account.uid === 0) return null
  const bit = right === 'write' ? 2 : 1
  const bits = (shift: number) => ((file.mode >> shift) & bit) !== 0
  if (account.uid === file.uid) return bits(6) ? null : 'the owner may not'
  const mask = file.acl.find(({ is }) => is === 'mask')
  const isMasked = mask !== undefined && !mask[right]
  const user = file.acl.find(({ is, id }) => is === 'user' && id === account.uid)
  if (user) return user[right] && !isMasked ? null : `its ACL says ${isMasked && user[right] ? mask.text : user.text}`
  const own = new Set([account.gid, ...account.groups])
  const groups = file.acl.filter(({ is, id }) => is === 'group' && id !== null && own.has(id))
  // With a list the group bits of the mode are its mask; what the owning group may is in the list.
  const owning = own.has(file.gid) ? (file.acl.find(({ is }) => is === 'owning-group')?.[right] ?? bits(3)) : null
  if (owning !== null || groups.length > 0) {
    const isGranted = owning === true || groups.some((entry) => entry[right])
    if (isGranted && !isMasked) return null
    if (isGranted && mask) return `its ACL says ${mask.text}`
    const [entry] = groups
    return entry ? `its ACL says ${entry.text}` : 'its group may not'
  }
  return bits(0) ? null : 'others may not'
}
