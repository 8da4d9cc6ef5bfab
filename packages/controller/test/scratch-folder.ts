/** A folder that is gone after the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A name within it, of which nothing exists yet. */
export function scratchFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), 'fleetmend-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, 'state')
}
