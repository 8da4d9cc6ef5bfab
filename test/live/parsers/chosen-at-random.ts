/**
 * How many random cases each comparison with the real program makes, and from which seed. `FLEETMEND_CASES` multiplies,
 * `FLEETMEND_SEED` varies; fast-check prints the seed and the path of a case that fails.
 */
import type fc from 'fast-check'

const times = Number(process.env['FLEETMEND_CASES'] ?? 1)
const seed = Number(process.env['FLEETMEND_SEED'] ?? 502)

export function randomly(cases: number): Pick<fc.Parameters, 'seed' | 'numRuns'> {
  return { seed, numRuns: Math.ceil(cases * times) }
}
