/**
 * Runs a bundle with the code that V8 made of it when it was built (`scripts/code-cache.ts`). Without that, a process that
 * lives for a tenth of a second spends a third of its time on it.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { Script } from 'node:vm'

export function runBuilt(path: string): void {
  runBundle(path, bundleScript(path, readCache(`${path}.cache`)))
}

/** A script can be compiled once and kept, which `require` cannot. A bundle is ASCII, so that a byte takes a byte of memory. */
export function bundleScript(path: string, cachedData: Buffer | undefined): Script {
  const source = readFileSync(path, 'latin1')
  return new Script(`(function (require, __filename, __dirname) {${source}\n})`, {
    filename: path,
    ...(cachedData ? { cachedData } : {}),
  })
}

export function runBundle(path: string, script: Script): void {
  const run = script.runInThisContext() as (require: NodeJS.Require, filename: string, folder: string) => void
  run(createRequire(path), path, dirname(path))
}

/** Without one, or with that of another Node, V8 begins anew. */
function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
