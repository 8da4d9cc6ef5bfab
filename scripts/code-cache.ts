/** `node scripts/code-cache.ts BUNDLE`: runs a bundle of the agent once and keeps what V8 made of it beside it, for `boot.ts`. */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { bundleScript, runBundle } from '../packages/agent/src/bundle-script.ts'

const bundle = resolve(process.argv[2] ?? '')
const script = bundleScript(bundle, undefined)
process.on('exit', () => writeFileSync(`${bundle}.cache`, script.createCachedData()))
// Loads every command, and does nothing.
process.argv.splice(2, process.argv.length, 'help', '--help')
runBundle(script, createRequire(bundle))
