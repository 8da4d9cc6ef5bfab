/** Diagnoses of workers that die, cannot begin, or run an application that fails. */
import { fatalErrors } from './fatal-errors.ts'
import { workerCrashing } from './worker-crashing.ts'
import { workersCannotRun } from './workers-cannot-run.ts'

export const workerDiagnoses = [workersCannotRun, workerCrashing, fatalErrors]
