/** `/proc/PID/mountinfo` (proc_pid_mountinfo(5)): what is mounted where a process sees it. */

export interface Mount {
  readonly path: string
  readonly readOnly: boolean
  /** `ext4`, `nfs4`, `fuse.sshfs` … */
  readonly type: string
}

/** In the order of mounting; a later one hides an earlier one at the same place. */
export function readMountInfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    const path = fields[4]
    const options = fields[5]
    const separator = fields.indexOf('-')
    if (path === undefined || options === undefined || separator < 0) return []
    const superOptions = fields[separator + 3] ?? ''
    const readOnly = [...options.split(','), ...superOptions.split(',')].includes('ro')
    return [{ path: unescaped(path), readOnly, type: fields[separator + 1] ?? '' }]
  })
}

/** The mount that a path lies on. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | null {
  let found: Mount | null = null
  for (const mount of mounts) {
    const holds = mount.path === '/' || path === mount.path || path.startsWith(`${mount.path}/`)
    if (holds && (found === null || mount.path.length >= found.path.length)) found = mount
  }
  return found
}

/** Blanks, tabs, line breaks and backslashes stand as octal escapes. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
