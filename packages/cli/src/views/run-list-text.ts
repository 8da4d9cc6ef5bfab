/** Runs as a table, newest first. */
import type { Paint, Run } from '@fleetmend/shared'
import { columns } from './columns.ts'
import { runStateWords } from './run-words.ts'

export function runListText(runs: readonly Run[], paint: Paint): string {
  if (runs.length === 0) return 'There are no runs yet. To begin one:\n    fleetmend plan\n'
  const rows = runs.map(({ id, state, hosts, requester, startedAt, reason, breakGlass }) => [
    id,
    breakGlass ? `${runStateWords[state]}, BREAK-GLASS` : runStateWords[state],
    String(hosts.length),
    requester,
    `${startedAt.slice(0, 16).replace('T', ' ')}Z`,
    reason.length > 60 ? `${reason.slice(0, 59)}…` : reason,
  ])
  return columns([['RUN', 'STATE', 'HOSTS', 'ASKED BY', 'STARTED', 'REASON'], ...rows], paint)
}
