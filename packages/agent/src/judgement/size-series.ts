/**
 * The sizes that computed values are rounded to, so that hosts that need about the same get exactly the same and share
 * one diff (DESIGN D17).
 */
const decade = [10, 12, 16, 20, 24, 32, 40, 50, 64, 80]
const series: readonly number[] = [1, 2, 3, 4, 5, 8, ...[1, 10, 100].flatMap((factor) => decade.map((n) => n * factor))]

const largest = 8000

/** The largest size that is not above `n`; null when even one is too many. */
export function sizeAtMost(n: number): number | null {
  return series.findLast((size) => size <= n) ?? null
}

/** The smallest size that is not below `n`. */
export function sizeAtLeast(n: number): number {
  return series.find((size) => size >= n) ?? largest
}
