/**
 * The process of `fleetmend-agent serve`, in a bundle of its own: it waits nearly all the time, and what a bundle holds is
 * held in memory as long.
 */
import { serveCommand } from './commands/serve.ts'
import { interrupted, runCommand } from './run-command.ts'

process.on('SIGINT', interrupted)
void runCommand(serveCommand, process.argv.slice(3), () => {
  throw new Error('Serving asks others to look at this host. This is a bug.')
}).then((code) => {
  process.exitCode = code
})
