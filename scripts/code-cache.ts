/** `node scripts/code-cache.ts BUNDLE WORD …`: runs a bundle once with these words, and keeps what V8 made of it beside it. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { bundleScript, runBundle } from '@fleetmend/shared/bundle-script'

const [path = '', ...words] = process.argv.slice(2)
const bundle = resolve(path)
const script = bundleScript(bundle, undefined)
process.on('exit', () => writeFileSync(`${bundle}.cache`, script.createCachedData()))
process.argv.splice(2, process.argv.length, ...words)
runBundle(bundle, script)
