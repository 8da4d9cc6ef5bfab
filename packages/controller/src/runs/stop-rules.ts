/** When a run stops by itself, and what it says then. Pure. */
import type { Run, RunHost } from '@fleetmend/shared'
import { failureOf, failuresOf, standingOf, type Failure } from './host-states.ts'
import { tallyOf } from './host-tally.ts'
import { canariesOf } from './waves.ts'

/** Why no further host may begin; null: go on. */
export function whyStop(run: Run): string | null {
  const reached = limitsOf(run).find(({ failures, stopAt }) => countOf(run, failures) >= stopAt)
  if (reached) {
    const { failures, stopAt, words } = reached
    const hosts = failuresOf(run).filter((host) => failures.includes(failureOf(host)))
    return `${listed(hosts)}: the run stops when ${stopAt === 1 ? 'one host has' : `${stopAt} hosts have`} ${words}.`
  }
  const { stopping } = tallyOf(run)
  if (stopping.size === 0) return null
  const groups = run.groups.filter(({ key }) => stopping.has(key))
  const failed = groups.flatMap((group) => canariesOf(run, group).filter(hasFailed))
  return `${listed(failed)}: ${failed.length === 1 ? 'it was a canary' : 'they were canaries'}, and the hosts with the same change were not begun.`
}

interface Limit {
  readonly failures: readonly Failure[]
  readonly stopAt: number
  /** After `has` or `have`. */
  readonly words: string
}

/** Counted over the whole run. What has no limit of its own counts as failed. */
function limitsOf(run: Run): readonly Limit[] {
  const { stopAtFailures, stopAtUnreachable, stopAtRolledBack } = run.limits
  const failed: Failure[] = ['failed']
  const own: Limit[] = []
  if (stopAtUnreachable === undefined) failed.push('unreachable')
  else own.push({ failures: ['unreachable'], stopAt: stopAtUnreachable, words: 'not been reached' })
  if (stopAtRolledBack === undefined) failed.push('rolled-back')
  else own.push({ failures: ['rolled-back'], stopAt: stopAtRolledBack, words: 'rolled back' })
  return [{ failures: failed, stopAt: stopAtFailures, words: 'failed' }, ...own]
}

/** Before they are listed: nearly always there are fewer. */
function countOf(run: Run, failures: readonly Failure[]): number {
  const counts = tallyOf(run).failures
  return failures.reduce((sum, failure) => sum + counts[failure], 0)
}

function hasFailed(host: RunHost): boolean {
  return standingOf(host) === 'failed'
}

function listed(hosts: readonly RunHost[]): string {
  const named = hosts.slice(0, namedAtMost).map(({ id, state }) => `${id} is ${state}`)
  return [...named, ...(hosts.length > namedAtMost ? [`${hosts.length - namedAtMost} more`] : [])].join(', ')
}

const namedAtMost = 5
