/**
 * The process of `fleetmend-agent stdio`, in a bundle of its own: somebody waits for it at the start of each session over
 * SSH, and one is there for each of them as long as it lasts.
 */
import { stdioCommand } from './commands/stdio.ts'
import { runCommand } from './run-command.ts'

void runCommand(stdioCommand, process.argv.slice(3), () => {
  throw new Error('Handing bytes on asks nothing of this host. This is a bug.')
}).then((code) => {
  process.exitCode = code
})
