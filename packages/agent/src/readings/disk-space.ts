/** How full file systems are; from `df --block-size=1 --output=size,avail,itotal,iavail,target,file` where that is asked. */

export interface DiskSpace {
  /** The path that was asked about. */
  readonly path: string
  /** Where its file system is mounted. */
  readonly mountedAt: string
  readonly sizeBytes: number
  /** For anybody but root, who has a reserve on some file systems. */
  readonly freeBytes: number
  /** Null where the file system makes inodes as it needs them. */
  readonly freeInodes: number | null
}

/** Paths that are not there are left out; `df` says so on its other output. */
export function readDiskSpace(text: string, paths: readonly string[]): readonly DiskSpace[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+|-)\s+(\d+|-)\s+(\/.*)$/.exec(line)
    const [, size, free, inodes, freeInodes, rest = ''] = match ?? []
    // Both names may hold blanks; the one that was asked about is known.
    const path = paths.find((each) => rest.endsWith(` ${each}`))
    if (!match || path === undefined) return []
    return [
      {
        path,
        mountedAt: rest.slice(0, -path.length).trimEnd(),
        sizeBytes: Number(size),
        freeBytes: Number(free),
        freeInodes: inodes === '-' || inodes === '0' || freeInodes === '-' ? null : Number(freeInodes),
      },
    ]
  })
}
