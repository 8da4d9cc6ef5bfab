/** glob(3) over a host's directories, as FPM and nginx expand their includes: byte order, no dotfiles for `*`. */
import type { ReadHost } from '../host/host.ts'
import { componentPattern, literalName } from '../readings/glob-pattern.ts'

/** Paths that match an absolute pattern; directories end in `/` (GLOB_MARK). None when one is missing or unreadable. */
export async function glob(host: ReadHost, pattern: string): Promise<readonly string[]> {
  // To glob(3) a pattern that breaks off in a quote matches nothing.
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(pattern)) return []
  let found: readonly string[] = ['']
  for (const part of pattern.split('/').slice(1)) {
    const next = await Promise.all(found.map((directory) => step(host, directory, part)))
    found = next.flat()
  }
  return (await Promise.all(found.map((path) => marked(host, path)))).toSorted(byBytes)
}

/** A link counts as what it leads to. */
async function marked(host: ReadHost, path: string): Promise<string> {
  const real = await host.resolve(path)
  const stat = real.ok ? await host.stat(real.value) : real
  return stat.ok && stat.value.kind === 'directory' ? `${path}/` : path
}

async function step(host: ReadHost, directory: string, part: string): Promise<readonly string[]> {
  const literal = literalName(part)
  if (literal !== null) {
    const path = `${directory}/${literal}`
    return (await host.stat(path)).ok ? [path] : []
  }
  const names = await host.list(directory === '' ? '/' : directory)
  if (!names.ok) return []
  const matches = componentPattern(part)
  return names.value.filter((name) => matches.test(name)).map((name) => `${directory}/${name}`)
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
