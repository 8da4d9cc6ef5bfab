import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { expect, test } from 'vitest'
import { commands, newProgram } from '../../test/all-commands.ts'
import { examples } from './examples.ts'

test('every command has an example, and there is none for what is no command', () => {
  expect(Object.keys(examples).toSorted()).toEqual(commands.map(({ words }) => words).toSorted())
})

test.each(Object.entries(examples).flatMap(([words, lines]) => lines.map((line) => ({ words, line }))))(
  'fleetmend $line',
  async ({ words, line }) => {
    const program = newProgram()
    let ran: string | null = null
    for (const command of all(program))
      if (command.commands.length === 0) command.action(() => void (ran = nameOf(command)))
    await program.parseAsync(wordsOf(line), { from: 'user' })
    expect(ran).toBe(words)
  },
)

test('the help of each command ends with its examples, that of a group with those of its commands', () => {
  const texts = all(newProgram()).map((command) => [nameOf(command), helpOf(command)] as const)
  for (const [name, text] of texts) {
    const own = examples[name]
    expect(text, name).toMatch(/\nExamples?:\n( {2}fleetmend \S[^\n]*\n)+$/)
    for (const line of own ?? []) expect(text).toContain(`\n  fleetmend ${line}\n`)
  }
})

/** With what is added to it. */
function helpOf(command: CommandUnknownOpts): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => void (text += part) })
  command.outputHelp()
  return text
}

function all(command: CommandUnknownOpts): readonly CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(all)]
}

function nameOf(command: CommandUnknownOpts): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}`.trim() : ''
}

/** As a shell would: quotes hold together, and what is written to a file is no word of the command. */
function wordsOf(line: string): readonly string[] {
  return [...line.replace(/ > .*$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}
