/** The name that a host was given at enrolment, read by itself: every command needs it, and none of what else is known of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { identityFileName, productionStateRoot, statePaths } from './state-paths.ts'

/** Undefined where there is none to be read. */
export function enrolledName(root: string = productionStateRoot): string | undefined {
  try {
    const { host } = JSON.parse(readFileSync(join(statePaths(root).sealed, identityFileName), 'utf8')) as {
      readonly host?: unknown
    }
    return typeof host === 'string' ? host : undefined
  } catch {
    // Not enrolled, or damaged, which the commands that need the whole identity say.
    return undefined
  }
}
