/** Asking a person before something is done, and the answer where there is nobody to ask. */
import { problem, type Problem } from '@fleetmend/shared'
import type { Cli } from './cli.ts'

interface Asking {
  readonly yes?: true | undefined
  readonly json?: true | undefined
}

/** Null: it can go on. `words`: the options that stand in for the answers. */
export function consentProblem(
  { streams }: Pick<Cli, 'streams'>,
  { yes, json }: Asking,
  words: string,
): Problem | null {
  if (yes || (streams.canAsk && !json)) return null
  return problem(
    'usage',
    `This would ask you something, and there is no terminal to ask on. Give the answers with ${words}.`,
  )
}

export async function consents({ streams }: Pick<Cli, 'streams'>, question: string, { yes }: Asking): Promise<boolean> {
  if (yes) return true
  const answer = await streams.ask(`${streams.errPaint.bold(question)} [y/N] `)
  return /^\s*(y|yes)\s*$/i.test(answer ?? '')
}
