/** When a run stops by itself, and what it says then. Pure. */
import type { ChangeGroup, Run, RunHost } from '@fleetmend/shared'
import { failureOf, failuresOf, isLeftToBegin, standingOf, type Failure } from './host-states.ts'
import { canariesOf, membersOf } from './waves.ts'

/** Why no further host may begin; null: go on. */
export function whyStop(run: Run): string | null {
  const reached = limitsOf(run).find(({ hosts, stopAt }) => hosts.length >= stopAt)
  if (reached) {
    const { hosts, stopAt, words } = reached
    return `${listed(hosts)}: the run stops when ${stopAt === 1 ? 'one host has' : `${stopAt} hosts have`} ${words}.`
  }
  const failed = run.groups
    .filter((group) => hasRest(run, group))
    .flatMap((group) => canariesOf(run, group).filter(hasFailed))
  return failed.length === 0
    ? null
    : `${listed(failed)}: ${failed.length === 1 ? 'it was a canary' : 'they were canaries'}, and the hosts with the same change were not begun.`
}

interface Limit {
  readonly hosts: readonly RunHost[]
  readonly stopAt: number
  /** After `has` or `have`. */
  readonly words: string
}

/** Counted over the whole run. What has no limit of its own counts as failed. */
function limitsOf(run: Run): readonly Limit[] {
  const { stopAtFailures, stopAtUnreachable, stopAtRolledBack } = run.limits
  const own: Partial<Record<Failure, number | undefined>> = {
    unreachable: stopAtUnreachable,
    'rolled-back': stopAtRolledBack,
  }
  const failures = failuresOf(run)
  const those = (failure: Failure): readonly RunHost[] => failures.filter((host) => failureOf(host) === failure)
  return [
    {
      hosts: failures.filter((host) => own[failureOf(host)] === undefined),
      stopAt: stopAtFailures,
      words: 'failed',
    },
    ...(stopAtUnreachable === undefined
      ? []
      : [{ hosts: those('unreachable'), stopAt: stopAtUnreachable, words: 'not been reached' }]),
    ...(stopAtRolledBack === undefined
      ? []
      : [{ hosts: those('rolled-back'), stopAt: stopAtRolledBack, words: 'rolled back' }]),
  ]
}

function hasRest(run: Run, group: ChangeGroup): boolean {
  return membersOf(run, group).some(isLeftToBegin)
}

function hasFailed(host: RunHost): boolean {
  return standingOf(host) === 'failed'
}

function listed(hosts: readonly RunHost[]): string {
  const named = hosts.slice(0, namedAtMost).map(({ id, state }) => `${id} is ${state}`)
  return [...named, ...(hosts.length > namedAtMost ? [`${hosts.length - namedAtMost} more`] : [])].join(', ')
}

const namedAtMost = 5
