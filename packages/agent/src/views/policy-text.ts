/** What a host keeps to, as a person reads it: each limit, and what holds back an apply now. */
import { safeLine, type Paint, type Policy } from '@fleetmend/shared'
import type { Brake } from '../judgement/brakes.ts'
import { brakeEnds } from '../policy/held-back.ts'

export interface ShownPolicy {
  readonly host: string
  readonly path: string
  /** False: there is no such file, and the defaults hold. */
  readonly isWritten: boolean
  readonly policy: Policy
  readonly zone: string
  /** Allowed by name, but unknown to this agent. */
  readonly unknown: readonly string[]
  readonly brakes: readonly Brake[]
  readonly nowMs: number
}

export function policyText(shown: ShownPolicy, paint: Paint): string {
  const { host, path, isWritten, unknown } = shown
  const rows = rowsOf(shown).map(([what, says]) => `  ${paint.dim(what.padEnd(17))} ${safeLine(says)}\n`)
  const from = isWritten ? path : `the defaults: there is no ${path}`
  const mind = unknown.length > 0 ? `  This agent knows no remediation ${unknown.map(safeLine).join(', ')}.\n` : ''
  const held = shown.brakes.map(
    (brake) => `  ${safeLine(brake.says)}\n    ${brakeEnds(brake, shown.zone, shown.nowMs)}\n`,
  )
  const now =
    held.length > 0
      ? `${paint.yellow('Held back now')}\n${held.join('')}`
      : `${paint.green('Nothing holds back every apply now.')} A plan says what holds back itself.\n`
  return `${paint.bold(`What ${host} lets be done to it`)}  ${paint.dim(from)}\n${rows.join('')}${mind}\n${now}`
}

function rowsOf({ policy, zone }: ShownPolicy): readonly (readonly [string, string])[] {
  const { remediations, approvals, changesPerHour, coolDownMinutes, maintenance, canaryPaths } = policy
  const windows = maintenance.windows.map(({ days, from, to }) => `${days.join(' ')} ${from}–${to}`).join(', ')
  return [
    ['may be applied', remediations === 'all' ? 'all' : remediations.join(', ') || 'nothing'],
    [
      'approved by',
      `${people(approvals.ordinary)}; ${people(approvals.restarts)} to restart, unmask or start what was stopped`,
    ],
    ['also counts', alsoCounts(approvals)],
    [
      'by approvals',
      `${changesPerHour} an hour; the same again ${coolDownMinutes === 0 ? 'at once' : `after ${coolDownMinutes} min`}`,
    ],
    ['changed', windows === '' ? 'at any time' : `${windows} (${zone})`],
    ...Object.entries(canaryPaths).map(([site, path]) => ['probed', `${site} with GET ${path}`] as const),
  ]
}

function alsoCounts({ requesterMayApprove, breakGlass, grants }: Policy['approvals']): string {
  const counts = [
    requesterMayApprove ? ['whoever asked for it'] : [],
    breakGlass ? ['break-glass by those named for it'] : [],
    grants ? ['grants signed in advance'] : [],
  ].flat()
  return counts.join(', ') || 'nothing: whoever asked signs that, and others approve'
}

function people(count: number): string {
  return count === 1 ? 'one person' : `${count} people`
}
