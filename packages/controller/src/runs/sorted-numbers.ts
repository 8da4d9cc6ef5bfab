/** A few of many places, in their order: who comes first is found, and one more or less is noted, without sorting them anew. */

/** Where it is, or would be. */
export function rankOf(sorted: readonly number[], number: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < number) low = middle + 1
    else high = middle
  }
  return low
}

export function putInto(sorted: number[], number: number): void {
  const rank = rankOf(sorted, number)
  if (sorted[rank] !== number) sorted.splice(rank, 0, number)
}

export function takeOutOf(sorted: number[], number: number): void {
  const rank = rankOf(sorted, number)
  if (sorted[rank] === number) sorted.splice(rank, 1)
}
