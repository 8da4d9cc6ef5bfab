import { expect, test } from 'vitest'
import { commands, program } from '../../test/all-commands.ts'
import { namesText } from './answer-text.ts'
import { freeWords, sources } from './sources.ts'
import { placeholderOf, wantedAt } from './wanted.ts'

const names = (...words: readonly string[]): readonly string[] => {
  const wanted = wantedAt(program, words)
  return wanted.kind === 'words'
    ? wanted.words.map(({ name }) => name)
    : [`<${wanted.of}>${wanted.before}${wanted.part}`]
}

test.each([
  { words: ['ru'], names: ['runs'] },
  { words: ['runs', 'p'], names: ['pause', 'promote'] },
  { words: ['runs', 'show', ''], names: ['<run>'] },
  { words: ['runs', 'show', 'r-2026'], names: ['<run>r-2026'] },
  { words: ['--socket', '/x', 'runs', 'sho'], names: ['show'] },
  { words: ['--socket=/x', 'runs', 'sho'], names: ['show'] },
  { words: ['runs', 'promote', 'r-1', '--group', 'sha'], names: ['<group>sha'] },
  { words: ['runs', 'promote', '--group', 'x', ''], names: ['<run>'] },
  { words: ['diagnose', 'web-1', ''], names: ['<host>'] },
  { words: ['diagnose', '-l', 'ro'], names: ['<labels>ro'] },
  { words: ['diagnose', '--selector=ro'], names: ['<labels>--selector=ro'] },
  { words: ['diagnose', '--files', 'a.yaml', ''], names: ['<file>'] },
  { words: ['diagnose', '--files', 'a.yaml', '--js'], names: ['--json'] },
  { words: ['plan', '--do', ''], names: ['<remediation>'] },
  { words: ['plan', '--for'], names: ['--for-findings'] },
  { words: ['plan', '--ssh-driver', ''], names: ['ssh2', 'system'] },
  { words: ['plan', '--ssh-driver=s'], names: ['--ssh-driver=ssh2', '--ssh-driver=system'] },
  { words: ['plan', '--', '--js'], names: ['<host>--js'] },
  { words: ['hosts', 'add', ''], names: ['<name>'] },
  { words: ['runs', 'show', 'r-1', '--soc'], names: ['--socket'] },
  { words: ['completion', ''], names: ['bash', 'zsh'] },
  { words: ['nonsense', ''], names: expect.arrayContaining(['--socket']) as string[] },
])('$words → $names', ({ words, names: expected }) => expect(names(...words)).toEqual(expected))

test('with nothing typed there are all commands, and none that is only for programs', () => {
  expect(names('')).toEqual(expect.arrayContaining(['fix', 'runs', 'completion']))
  expect(names('')).not.toContain('complete')
})

test('where nothing more has to stand, options are shown', () => {
  expect(names('runs', 'list', '')).toEqual(expect.arrayContaining(['--limit', '--json', '--help', '--socket']))
})

test.each(commands)('$words: it is known of each of its values whether there are names for it', ({ command }) => {
  const placeholders = [
    ...command.registeredArguments.filter(({ argChoices }) => !argChoices).map((each) => each.name()),
    ...command.options.filter(({ argChoices }) => !argChoices).flatMap((option) => placeholderOf(option) ?? []),
  ]
  expect(placeholders.filter((word) => !Object.hasOwn(sources, word) && !freeWords.has(word))).toEqual([])
})

test('no kind of value is listed that no command takes', () => {
  const all = [program, ...commands.map(({ command }) => command)].flatMap((command) => [
    ...command.registeredArguments.map((each) => each.name()),
    ...command.options.flatMap((option) => placeholderOf(option) ?? []),
  ])
  expect([...Object.keys(sources), ...freeWords].filter((word) => !all.includes(word))).toEqual([])
})

const evil = [
  '$(reboot)',
  '`reboot`',
  "it's",
  'a"b',
  'a b',
  'a\nb',
  'a;b',
  'a&b',
  '~root',
  '*',
  '!!',
  'a\tb',
  '\u001B[2J',
  '-\\',
]

test.each(evil)('%j is told to no shell', (name) => {
  expect(namesText([{ name, says: '' }])).toBe('names\n')
})

test('what is said of a name can add neither a name nor a colour', () => {
  expect(namesText([{ name: 'web-1', says: 'a\nb\u001B[31m\tc' }])).toBe('names\nweb-1\ta\\nb\\u{1b}[31m c\n')
})
