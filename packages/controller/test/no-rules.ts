/** A fleet in which nothing holds anybody back. */
import type { FleetRules } from '../src/runs/room.ts'

export const noRules = (): Promise<FleetRules> => Promise.resolve({ limits: [], closed: [] })
