/** When a run stops by itself, and what it says then. Pure. */
import type { ChangeGroup, Run, RunHost } from '@fleetmend/shared'
import { failuresOf, standingOf } from './host-states.ts'
import { canariesOf, membersOf } from './waves.ts'

/** Why no further host may begin; null: go on. */
export function whyStop(run: Run): string | null {
  const failures = failuresOf(run)
  if (failures.length >= run.limits.stopAtFailures) {
    return `${listed(failures)}: the run stops when ${run.limits.stopAtFailures === 1 ? 'one host has' : `${run.limits.stopAtFailures} hosts have`} failed.`
  }
  const failed = run.groups
    .filter((group) => hasRest(run, group))
    .flatMap((group) => canariesOf(run, group).filter(hasFailed))
  return failed.length === 0
    ? null
    : `${listed(failed)}: ${failed.length === 1 ? 'it was a canary' : 'they were canaries'}, and the hosts with the same change were not begun.`
}

function hasRest(run: Run, group: ChangeGroup): boolean {
  return membersOf(run, group).some((host) => standingOf(host) === 'waiting')
}

function hasFailed(host: RunHost): boolean {
  return standingOf(host) === 'failed'
}

function listed(hosts: readonly RunHost[]): string {
  const named = hosts.slice(0, namedAtMost).map(({ id, state }) => `${id} is ${state}`)
  return [...named, ...(hosts.length > namedAtMost ? [`${hosts.length - namedAtMost} more`] : [])].join(', ')
}

const namedAtMost = 5
