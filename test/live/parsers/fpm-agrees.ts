/** Whether our reading of FPM's configuration and what FPM said of the same files agree. */
import {
  dumpDifferences,
  expectedFpmDump,
  unfitDirectives,
  type FpmBuild,
} from '../../../packages/agent/src/readings/expected-fpm-dump.ts'
import { readFpmConfigErrors } from '../../../packages/agent/src/readings/fpm-config-errors.ts'
import type { FpmConfig } from '../../../packages/agent/src/readings/fpm-config.ts'
import { readFpmDump } from '../../../packages/agent/src/readings/fpm-dump.ts'

/** A variable in brackets could name any section or key: it is told, and not followed. */
export const isUnfollowed = /in brackets is not followed/

/** What we say that FPM refuses, as `path:line: why`. `isHarmless` are those that it only warns of, or knows better. */
export function refusalsOf(config: FpmConfig, build: FpmBuild, isHarmless: RegExp): readonly string[] {
  return [
    ...config.oddities.filter((says) => !isHarmless.test(says)),
    ...config.pools.flatMap(({ name, directives }) =>
      ['user', 'listen', 'pm'].filter((each) => !directives.has(each)).map((each) => `[${name}] has no ${each}`),
    ),
    ...unfitDirectives(config, build).map(({ directive, says }) => `${directive.path}:${directive.line}: ${says}`),
  ]
}

/** None: they agree. What FPM refuses for other reasons than its text, such as a folder that is missing, is its own. */
export function fpmDifferences(
  config: FpmConfig,
  said: { readonly exitCode: number; readonly stderr: string },
  build: FpmBuild,
): readonly string[] {
  const refusals = refusalsOf(config, build, /depends on \$\{|nothing matches the include|is not followed/)
  if (said.exitCode !== 0) {
    const errors = readFpmConfigErrors(said.stderr).filter(({ says }) => !says.startsWith('Nothing matches'))
    const [inText] = errors.filter(({ path, says }) => path !== undefined && !says.startsWith('failed to open'))
    const isOurs = refusals.some((says) => inText?.path !== undefined && says.startsWith(`${inText.path}:`))
    return inText && !isOurs ? [`FPM refuses what we take: ${inText.says} in ${inText.path}`] : []
  }
  if (refusals.length > 0) return refusals.map((says) => `FPM takes what we refuse: ${says}`)
  const dump = readFpmDump(said.stderr)
  // With a log_level above notice FPM prints nothing.
  if (!dump.ok || config.oddities.some((says) => isUnfollowed.test(says))) return []
  return dumpDifferences(expectedFpmDump(config, build), dump.value)
}
