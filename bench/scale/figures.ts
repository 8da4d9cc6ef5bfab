/** Figures as people read them. */

export interface Asked {
  readonly wallMs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Turn extends Asked {
  /** Of whoever asked, and of what stands between. */
  readonly cpuMs: number
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** Of several rounds, field by field. */
export function medianOf(rounds: readonly Turn[]): Turn {
  const of = (field: keyof Turn): number => median(rounds.map((round) => round[field]))
  return { wallMs: of('wallMs'), p50Ms: of('p50Ms'), p99Ms: of('p99Ms'), cpuMs: of('cpuMs') }
}

/** Columns as wide as the widest cell; the first is left-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
