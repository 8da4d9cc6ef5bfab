/**
 * The process of `fleetmend-agent`. It starts often, itself among its callers, so each task loads no more than it needs:
 * what is imported here is loaded for all of them.
 */
import { internalTask } from './internal.ts'

const [name, ...args] = process.argv.slice(2)
void run().then((code) => {
  process.exitCode = code
})

async function run(): Promise<number> {
  const internal = internalTask(name)
  if (internal) return internal(args)
  const { runProgram } = await import('./program.ts')
  return runProgram(name, args)
}
