/** Composition of `fleetmend`: arguments → command → exit code. */
import { exitCodes } from '@fleetmend/shared'

process.exitCode = exitCodes.usage
