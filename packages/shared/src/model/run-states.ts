/** The states of a run, and of a host in it. */
import * as z from 'zod/mini'
import { ApplyOutcome } from './apply.ts'

/**
 * planning: hosts make their plans · awaiting-approval · approved: it may be begun, and nobody has begun it ·
 * applying · waiting: nobody is at work, and it goes on by itself when what it waits for is there · paused: no further
 * host begins · holding: a person decides whether the rest may follow · halting: no further host begins, those begun are
 * awaited · and the ends: halted (it stopped itself), finished, aborted (a person stopped
 * it), denied (an approver said no), expired (the approval ran out), nothing-to-do.
 */
export const RunState = z.enum([
  'planning',
  'awaiting-approval',
  'approved',
  'applying',
  'waiting',
  'paused',
  'holding',
  'halting',
  'halted',
  'finished',
  'aborted',
  'denied',
  'expired',
  'nothing-to-do',
])
export type RunState = z.infer<typeof RunState>

export const endedRunStates = [
  'halted',
  'finished',
  'aborted',
  'denied',
  'expired',
  'nothing-to-do',
] as const satisfies readonly RunState[]

export function hasEnded(state: RunState): boolean {
  return (endedRunStates as readonly RunState[]).includes(state)
}

/**
 * Before the approval: planning, planned, plan-refused, nothing-to-do. After it: waiting, away (not connected when its
 * turn came, and waited for), applying, lost (the connection broke in the middle; the host's journal is being asked). Then what became of it: the outcomes of an apply, and
 * stale (it changed since; nothing was done), unreachable or timed-out (nothing was begun), unknown (its journal could
 * not be asked; a person must look), skipped (the run ended first).
 */
export const RunHostState = z.enum([
  'planning',
  'planned',
  'plan-refused',
  'nothing-to-do',
  'waiting',
  'away',
  'applying',
  'lost',
  ...ApplyOutcome.options,
  'stale',
  'unreachable',
  'timed-out',
  'unknown',
  'skipped',
])
export type RunHostState = z.infer<typeof RunHostState>
