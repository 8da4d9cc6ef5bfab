/**
 * Spare servers that fit a number of workers. A dynamic pool grows by 1, 2, 4 … 32 workers a second, so a fifth of the
 * workers kept idle absorbs the first second of a burst; half of them is the most worth keeping (reference F.5).
 */
export function spareServers(maxChildren: number): readonly (readonly [directive: string, value: number])[] {
  const min = Math.min(maxChildren, Math.max(maxChildren > 2 ? 2 : 1, Math.round(maxChildren / 5)))
  const max = Math.min(maxChildren, Math.max(min, Math.round(maxChildren / 2)))
  return [
    ['pm.start_servers', min + Math.floor((max - min) / 2)],
    ['pm.min_spare_servers', min],
    ['pm.max_spare_servers', max],
  ]
}
