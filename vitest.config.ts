/** Two projects: everything instant, and the stories on real hosts, three files at a time. */
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/lab/longest-first.ts'

/** Titles are sentences made from table rows; vitest would cut each value in them at 40 characters. */
const taskTitleValueFormatTruncate = 0

export default defineConfig({
  test: {
    // Child processes, not threads: live hosts die with the process that started them (PDEATHSIG is per thread).
    pool: 'forks',
    // Hosts at once, where a story boots one for each of its tests.
    maxConcurrency: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: [
            './test/lab/folders-in-memory.ts',
            './test/lab/postgres-server.ts',
            './test/attacks/print-attacks.ts',
          ],
          include: [
            'packages/**/*.test.ts',
            'test/architecture/**/*.test.ts',
            'test/scenarios/**/*.test.ts',
            'test/attacks/**/*.test.ts',
            'demo/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          maxWorkers: 2,
          // What hangs fails after it; a busy machine is slow.
          testTimeout: 60_000,
          taskTitleValueFormatTruncate,
        },
      },
      {
        test: {
          name: 'live',
          include: ['test/live/**/*.test.ts'],
          // They wait more than they work, and each file has a lab of its own.
          maxWorkers: 3,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          taskTitleValueFormatTruncate,
        },
      },
    ],
  },
})
