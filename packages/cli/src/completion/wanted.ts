/**
 * What may stand where somebody is typing, told from the very definitions by which the command line is read: a command, an
 * option, or a value of a kind that has the name of its placeholder. Pure.
 */
import type { Argument, CommandUnknownOpts, Option } from '@commander-js/extra-typings'

export interface Candidate {
  readonly name: string
  /** What it is; empty: the name says it. */
  readonly says: string
}

export type Wanted =
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  /** `before`: what of the word is no part of the value, as `--socket=`. */
  | {
      readonly kind: 'value'
      readonly of: string
      readonly before: string
      readonly part: string
      readonly typed: Typed
    }

/** What stands on the line already. */
export interface Typed {
  readonly arguments: readonly string[]
  /** By their long names, each with its values in order. */
  readonly options: ReadonlyMap<string, readonly string[]>
}

/** `words`: all behind the program's name, the last one being typed, perhaps empty. */
export function wantedAt(program: CommandUnknownOpts, words: readonly string[]): Wanted {
  const known = words.slice(0, -1)
  const part = words.at(-1) ?? ''
  const place: Place = { command: program, arguments: [], options: new Map(), open: null, isLiteral: false }
  for (const word of known) step(place, word)
  const { command, open, isLiteral } = place
  const typed: Typed = { arguments: place.arguments, options: place.options }
  if (open && !(open.variadic && part.startsWith('-')))
    return valueOf(open.argChoices, placeholderOf(open), '', part, typed)
  if (!isLiteral && part.startsWith('-')) {
    const [, name = '', value = ''] = /^(--[^=]+)=(.*)$/s.exec(part) ?? []
    const option = optionNamed(command, name)
    if (option?.required) return valueOf(option.argChoices, placeholderOf(option), `${name}=`, value, typed)
    return { kind: 'words', words: optionsOf(command).filter(({ name: each }) => each.startsWith(part)) }
  }
  const argument = argumentAt(command, typed.arguments.length)
  if (argument) return valueOf(argument.argChoices, argument.name(), '', part, typed)
  const next = typed.arguments.length === 0 ? commandsOf(command) : []
  // Nothing more has to stand here: what may is worth knowing.
  const words_ = next.length > 0 || isLiteral ? next : part === '' ? optionsOf(command) : []
  return { kind: 'words', words: words_.filter(({ name }) => name.startsWith(part)) }
}

/** Kinds of value that the definitions speak of, `<file>` as `file`. */
export function placeholderOf(option: Option): string | null {
  return /[<[]([^>\].]+)/.exec(option.flags)?.[1] ?? null
}

interface Place extends Omit<Typed, 'options'> {
  command: CommandUnknownOpts
  readonly arguments: string[]
  readonly options: Map<string, string[]>
  /** An option that waits for its value, or for more of them. */
  open: Option | null
  isLiteral: boolean
}

function step(place: Place, word: string): void {
  const { command, options, open } = place
  const isOption = !place.isLiteral && word.startsWith('-') && word.length > 1
  if (open && !(open.variadic && isOption)) {
    options.get(open.long ?? '')?.push(word)
    if (!open.variadic) place.open = null
    return
  }
  place.open = null
  if (isOption && word === '--') place.isLiteral = true
  else if (isOption) {
    const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
    const option = optionNamed(command, name)
    if (!option?.long) return
    if (!options.has(option.long)) options.set(option.long, [])
    if (value !== undefined) options.get(option.long)?.push(value)
    else if (option.required) place.open = option
  } else {
    const next = place.arguments.length === 0 ? command.commands.find((each) => each.name() === word) : undefined
    if (next) place.command = next
    else place.arguments.push(word)
  }
}

function valueOf(
  choices: readonly string[] | undefined,
  of: string | null,
  before: string,
  part: string,
  typed: Typed,
): Wanted {
  if (!choices) return { kind: 'value', of: of ?? '', before, part, typed }
  const words = choices.map((choice) => ({ name: `${before}${choice}`, says: '' }))
  return { kind: 'words', words: words.filter(({ name }) => name.startsWith(`${before}${part}`)) }
}

function argumentAt({ registeredArguments }: CommandUnknownOpts, place: number): Argument | null {
  const last = registeredArguments.at(-1)
  return registeredArguments[place] ?? (last?.variadic ? last : null)
}

/** Those of a command stand before it, too, and behind. */
function lineOf(command: CommandUnknownOpts): readonly CommandUnknownOpts[] {
  return command.parent ? [command, ...lineOf(command.parent)] : [command]
}

function optionNamed(command: CommandUnknownOpts, name: string): Option | undefined {
  return lineOf(command)
    .flatMap(({ options }) => options)
    .find(({ long, short }) => long === name || short === name)
}

function optionsOf(command: CommandUnknownOpts): readonly Candidate[] {
  const all = lineOf(command).flatMap((each) => each.createHelp().visibleOptions(each))
  const byName = new Map(all.map(({ long, short, description }) => [long ?? short ?? '', description]))
  return [...byName].map(([name, says]) => ({ name, says }))
}

function commandsOf(command: CommandUnknownOpts): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ name: each.name(), says: each.description() }))
}
