/** The end of the demo: what customers saw before and after, what was changed, and what the repair itself cost them. Pure. */
import type { Paint } from '@fleetmend/shared'
import { percent, type Timeline } from './timeline.ts'

export interface Row {
  readonly host: string
  readonly statusBefore: number
  readonly statusAfter: number
  readonly changed: string
  readonly timeline: Timeline
}

export function beforeAndAfter(rows: readonly Row[], paint: Paint): string {
  const cells = [
    ['host', 'HTTP', '5xx before', '5xx after', 'lost while fixing', 'what changed'],
    ...rows.map(({ host, statusBefore, statusAfter, changed, timeline: { before, during, after } }) => [
      host,
      `${statusBefore} → ${statusAfter}`,
      percent(before),
      percent(after),
      `${during.lost} of ${during.asked}`,
      changed,
    ]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  )
  const pictures = rows.map(({ host, timeline }) => `  ${host.padEnd(8)} ${paint.cyan(timeline.picture)}`)
  const [head = '', ...body] = lines
  return [
    paint.bold(head),
    ...body,
    '',
    paint.dim('Share of lost requests, a character a second:'),
    ...pictures,
    '',
  ].join('\n')
}
