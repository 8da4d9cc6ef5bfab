/** Answers a shell in which somebody is typing: within its time or not at all, and never with a complaint. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { openWay } from '../connection/open-way.ts'
import { controllerAt } from '../connection/controller.ts'
import { namesText } from './answer-text.ts'
import { sources } from './sources.ts'
import { wantedAt, type Candidate, type Typed } from './wanted.ts'

/** A person waits no longer for a word; a controller that is there answers in a few ms. */
const limitMs = 500

/** The text for the shell. */
export async function complete(cli: Cli, program: CommandUnknownOpts, words: readonly string[]): Promise<string> {
  const wanted = wantedAt(program, words)
  if (wanted.kind === 'words') return namesText(wanted.words)
  const { before, part, typed } = wanted
  const source = sources[wanted.of]
  if (source === undefined) return namesText([])
  if (typeof source === 'string') return `${source}\n`
  meant(program, typed)
  const late = Promise.withResolvers<readonly Candidate[]>()
  const timer = setTimeout(() => late.resolve([]), limitMs)
  const controller = controllerAt(() => openWay(cli))
  const names = await Promise.race([source.names(controller, part, typed).catch(() => []), late.promise])
  clearTimeout(timer)
  controller.close()
  // A connection that is still being made would keep the process, and with it the person.
  cli.interruption.waitsForNothing = true
  return namesText(
    names.filter(({ name }) => name.startsWith(part)).map(({ name, says }) => ({ name: `${before}${name}`, says })),
  )
}

/** The controller that the line speaks of is the one to ask. */
function meant(program: CommandUnknownOpts, { options }: Typed): void {
  for (const [option, name] of [
    ['--socket', 'socket'],
    ['--controller', 'controller'],
  ] as const) {
    const value = options.get(option)?.at(-1)
    if (value !== undefined) program.setOptionValue(name, value)
  }
}
