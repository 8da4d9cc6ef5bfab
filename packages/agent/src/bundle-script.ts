/** A bundle as a script that can be compiled once and kept, which `require` cannot. */
import { readFileSync } from 'node:fs'
import { Script } from 'node:vm'

/** A bundle is ASCII, so that a byte of it takes a byte of memory. */
export function bundleScript(path: string, cachedData: Buffer | undefined): Script {
  const source = readFileSync(path, 'latin1')
  return new Script(`(function (require) {${source}\n})`, { filename: path, ...(cachedData ? { cachedData } : {}) })
}

export function runBundle(script: Script, require: NodeJS.Require): void {
  const run = script.runInThisContext() as (require: NodeJS.Require) => void
  run(require)
}
