/** That a process holds no more after ten thousand attempts than before. */
import { expect } from 'vitest'
import type { Holding } from './listening-process.ts'

/** Far below what ten thousand connections, or as many calls, would take if something of each were kept. */
const keptHeapBytes = 16 * 1024 * 1024
const keptBytes = 192 * 1024 * 1024

export function keepsNothing(before: Holding, after: Holding): void {
  expect(after.heapBytes - before.heapBytes).toBeLessThan(keptHeapBytes)
  expect(after.residentBytes - before.residentBytes).toBeLessThan(keptBytes)
  expect(after.files).toBeLessThan(before.files + 10)
  expect(after.bugs).toEqual([])
}
