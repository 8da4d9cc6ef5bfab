/** Whether a site answers to a name: the one it is asked for by, or any other of its server block, as written. */
export function isNamed(
  site: { readonly serverName: string; readonly serverNames: readonly string[] },
  name: string,
): boolean {
  return site.serverName === name || site.serverNames.includes(name)
}
