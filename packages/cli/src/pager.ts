/** Long text on a terminal goes through the person's pager, as git's does; short text, and text for a file, is just written. */
import { spawn } from 'node:child_process'
import type { Cli } from './cli.ts'

type Reader = Pick<Cli, 'streams' | 'environment' | 'mayPage' | 'interruption'>

export async function showLong(cli: Reader, text: string): Promise<void> {
  const { streams, environment, interruption } = cli
  const isLong = text.split('\n').length >= streams.rows
  const [program, ...args] = isLong && streams.isOutTerminal && cli.mayPage() ? pagerOf(environment) : []
  if (program === undefined || program === 'cat') return streams.out(text)
  // While it is read, Ctrl-C is the pager's.
  const { end } = interruption
  interruption.end = () => undefined
  const isShown = await pagedBy(program, args, { LESS: 'FRX', LV: '-c', ...environment }, text)
  interruption.end = end
  if (!isShown) streams.out(text)
}

/** A program and its arguments; nothing of it is expanded. */
function pagerOf({ PAGER, TERM }: Cli['environment']): readonly string[] {
  if (TERM === 'dumb') return []
  return (PAGER ?? 'less').split(/\s+/).filter((word) => word !== '')
}

/** False: it could not be started. */
function pagedBy(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  text: string,
): Promise<boolean> {
  return new Promise((resolve) => {
    const pager = spawn(program, args, { env, stdio: ['pipe', 'inherit', 'inherit'] })
    pager.once('error', () => resolve(false))
    pager.once('close', () => resolve(true))
    // Whoever has seen enough closes it.
    pager.stdin.on('error', () => undefined)
    pager.stdin.end(text)
  })
}
