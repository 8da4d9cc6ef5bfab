import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandLine } from './command-line.ts'

const special = Array.from(`'"\\!$\`#~*?[]{}()<>|&; ^%=@-\t\rä`)

const word = fc
  .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...special) }))
  .filter((text) => !/[\0\n]/.test(text) && text.isWellFormed())

/** zsh, fish and csh are tried where they are installed. */
const shells = [['bash'], ['dash'], ['busybox', 'sh'], ['zsh'], ['fish'], ['tcsh'], ['csh']].filter(
  ([program = '', ...args]) => spawnSync(program, [...args, '-c', 'true']).status === 0,
)

test.each(shells.map((argv) => ({ shell: argv.join(' '), argv })))('$shell takes each word as it is', ({ argv }) => {
  const [program = '', ...args] = argv
  fc.assert(
    fc.property(fc.array(word, { minLength: 20, maxLength: 40 }), (words) => {
      const line = commandLine(['printf', '%s\\0', ...words])
      const { stdout } = spawnSync(program, [...args, '-c', line], { encoding: 'utf8' })
      expect(stdout).toBe(words.map((each) => `${each}\0`).join(''))
    }),
    { numRuns: 15 },
  )
})

test('there are shells to try', () => {
  expect(shells.length).toBeGreaterThan(0)
})

test.each([
  { argv: ['/usr/bin/fleetmend-agent', 'stdio'], line: '/usr/bin/fleetmend-agent stdio' },
  { argv: ['true'], line: "'true'" },
  { argv: ['/bin/x', ''], line: "/bin/x ''" },
  // fish reads a backslash in quotes, csh an exclamation mark; outside of them a backslash protects either in all shells.
  { argv: ['/bin/x', "it's a\\b!"], line: "/bin/x 'it'\\''s a'\\\\'b'\\!" },
  { argv: ['/bin/x', '$HOME', '~', '*', 'a=b'], line: "/bin/x '$HOME' '~' '*' 'a=b'" },
] as { argv: [string, ...string[]]; line: string }[])('$line', ({ argv, line }) => {
  expect(commandLine(argv)).toBe(line)
})

test.each(['a\nb', 'a\0b'])('%j is refused: it is no word of a line', (bad) => {
  expect(() => commandLine(['/bin/x', bad])).toThrow('This is a bug')
})
