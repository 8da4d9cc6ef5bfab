/** The start of the command: its bundle lies beside it. */
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runBuilt } from '@fleetmend/shared/bundle-script'

const entry = process.argv[1]
if (entry === undefined) throw new Error('The command was started without an entry file. This is a bug.')
runBuilt(join(dirname(realpathSync(entry)), 'fleetmend-main.cjs'))
