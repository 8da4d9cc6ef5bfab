/** Where a library of the running Node was loaded from (proc_pid_maps(5)). */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** By its soname, which is a link: what is loaded is called `libatomic.so.1.2.0`. Null: this Node has none of that name in it, or does not run on Linux. */
export function loadedLibrary(name: string): string | null {
  const path = mapsOfThis()
    .split('\n')
    .map((line) => line.slice(line.indexOf('/')))
    .find((each) => `${basename(each)}.`.startsWith(`${name}.`))
  return path ?? null
}

function mapsOfThis(): string {
  try {
    return readFileSync('/proc/self/maps', 'utf8')
  } catch {
    return ''
  }
}
