/** A run as it is at a moment, in numbers and with the hosts that matter: what somebody is told first who joins late. */
import * as z from 'zod/mini'
import { TimelineEntry } from './apply.ts'
import { Digest, HostId, Instant } from './ids.ts'
import { RunHostState, RunState } from './run-states.ts'

export const HostNow = z.object({
  id: HostId,
  state: RunHostState,
  group: z.nullable(Digest),
  wave: z.int().check(z.describe('The last of its change that it was part of; 0 is the canary, -1 none.')),
  since: Instant.check(z.describe('When it came into this state.')),
  says: z.string().check(z.describe('The last that it said; what became of it where that is not good.')),
})
export type HostNow = z.infer<typeof HostNow>

const Counts = z.array(z.object({ state: RunHostState, hosts: z.int() }))

/** Lenient: a newer controller may say more. */
export const RunNow = z.object({
  format: z.literal('fleetmend.run-now/1'),
  state: RunState,
  beganAt: Instant.check(z.describe('When it was begun; before that, when hosts were asked for plans.')),
  waitsFor: z.array(z.string()),
  counts: Counts,
  changes: z.array(
    z.object({
      key: Digest,
      title: z.string(),
      hosts: z.int(),
      firstHost: HostId,
      wave: z.int().check(z.describe('The last that began; 0 is the canary, -1 none.')),
      counts: Counts,
    }),
  ),
  hosts: z.array(HostNow).check(z.describe('All of few; of many those who are at work or amiss.')),
  atWork: z.array(HostId).check(z.describe('Longest first.')),
  amiss: z.array(HostId).check(z.describe('For whom somebody should look, the latest last.')),
  traffic: z
    .object({
      hosts: z.int(),
      requests: z.number(),
      errors: z.number(),
      knownBefore: z.number(),
      errorsBefore: z.number(),
    })
    .check(z.describe('Summed over hosts: what their sites answered while they were watched, and before.')),
  notes: z.array(TimelineEntry).check(z.describe('The latest of what the engine decided on its own.')),
})
export type RunNow = z.infer<typeof RunNow>
