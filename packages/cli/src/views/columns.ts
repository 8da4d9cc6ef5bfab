/** Rows in columns that line up. Pure. */
import { safeLine, type Paint } from '@fleetmend/shared'

/** The first row is the head. Cells are escaped here: many are in the words of hosts. */
export function columns(rows: readonly (readonly string[])[], paint: Paint): string {
  const safe = rows.map((row) => row.map(safeLine))
  const widths = (safe[0] ?? []).map((_, column) => Math.max(...safe.map((row) => row[column]?.length ?? 0)))
  const lines = safe.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const [head = '', ...body] = lines
  return [paint.dim(head), ...body].map((line) => `${line}\n`).join('')
}
