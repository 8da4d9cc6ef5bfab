/** Words of `fleetmend audit`: which part of the record is meant. */
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { RunId } from '@fleetmend/shared'
import { life } from './life.ts'

export const auditHostOption = ['--host <host>', 'Only what is about this host.'] as const
export const auditRunOption = ['--run <run>', 'Only what is about this run.', runId] as const
export const sinceOption = [
  '--since <when>',
  'From then on: an instant (2026-11-21T03:00:00Z), a day, or how long ago (12h, 7d).',
  since,
] as const
export const approversOption = [
  '--approvers <file>',
  'Whose keys they are, as on the hosts: /etc/fleetmend/approvers. Without it only the signatures themselves are checked.',
] as const

function runId(text: string): string {
  const parsed = RunId.safeParse(text)
  if (parsed.success) return parsed.data
  throw new InvalidArgumentError('It takes the id of a run, as `runs list` shows it.')
}

/** An instant. How long ago is counted from now. */
function since(text: string): string {
  if (/^\d+[mhdw]$/.test(text)) return new Date(Date.now() - life(text)).toISOString()
  const ms = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return new Date(ms).toISOString()
  throw new InvalidArgumentError(
    'It takes an instant (2026-11-21T03:00:00Z), a day (2026-11-21), or how long ago (12h, 7d).',
  )
}
