/** Many hosts in a line: all names while they are few, then how many more there are. Pure. */
const namedAtMost = 6

export function hostNames(hosts: readonly string[]): string {
  if (hosts.length <= namedAtMost) return hosts.join(', ')
  return `${hosts.slice(0, namedAtMost - 1).join(', ')} and ${hosts.length - namedAtMost + 1} more`
}

export function hostCount(count: number): string {
  return count === 1 ? 'one host' : `${count} hosts`
}
