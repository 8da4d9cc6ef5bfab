/** Users and groups by name and number, as `/etc/passwd` and `/etc/group` have them, and whether others may exist beyond those files. */

/** The first field of each line, as a byte text. */
export function readAccountNames(text: string): ReadonlySet<string> {
  const names = text.split('\n').flatMap((line) => {
    const [name = ''] = line.split(':', 1)
    return name === '' || name.startsWith('#') || !line.includes(':') ? [] : [name]
  })
  return new Set(names)
}

/** The number of a user or group by name (third field); null where the file does not have it. */
export function accountId(text: string, name: string): number | null {
  const fields = entries(text).find(([each]) => each === name)
  return fields && /^\d+$/.test(fields[2] ?? '') ? Number(fields[2]) : null
}

/** The name of a user or group by its number; null where the file does not have it. */
export function accountWithId(text: string, id: number): string | null {
  return entries(text).find((fields) => fields[2] === String(id))?.[0] ?? null
}

/** Users that have this group as their own: the fourth field of passwd(5). */
export function accountsOfGroup(text: string, gid: number): readonly string[] {
  return entries(text).flatMap(([name = '', , , own]) => (own === String(gid) ? [name] : []))
}

function entries(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) => line.split(':'))
}

/**
 * Whether `/etc/nsswitch.conf` sends a question about `passwd` or `group` to anything that the files do not show (LDAP,
 * sssd …): then a name that is missing in the file may still exist.
 */
export function asksBeyondFiles(nsswitch: string, database: 'passwd' | 'group'): boolean {
  const line = nsswitch.split('\n').find((each) => each.trimStart().startsWith(`${database}:`))
  if (line === undefined) return false
  const sources = line
    .slice(line.indexOf(':') + 1)
    .replace(/#.*/, '')
    .replace(/\[[^\]]*\]/g, ' ')
  return sources.split(/\s+/).some((source) => source !== '' && !localSources.has(source))
}

/** `systemd` knows only root, nobody and users of running units. */
const localSources = new Set(['files', 'compat', 'systemd'])
