/** Rows for a statement each: a statement takes so many values, and no more. */
export function inPieces<Row>(rows: readonly Row[], rowsAtOnce = 500): readonly (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, n) =>
    rows.slice(n * rowsAtOnce, (n + 1) * rowsAtOnce),
  )
}
