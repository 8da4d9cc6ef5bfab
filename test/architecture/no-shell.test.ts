/** Nothing goes through a shell: programs get their arguments as they are, so nothing that is read can become a command. */
import { expect, test } from 'vitest'
import { productSources } from './sources.ts'

const signs: readonly { readonly sign: RegExp; readonly example: string }[] = [
  { sign: /\bshell\s*:(?!\s*false\b)/, example: 'spawn(program, { shell: true })' },
  {
    sign: /\{[^}]*\bexec(Sync)?\b[^}]*\}\s*from\s*'node:child_process'/,
    example: "import { exec } from 'node:child_process'",
  },
  { sign: /(?<![.\w])exec(Sync)?\s*\(/, example: 'exec(command)' },
  { sign: /['"`](\/usr)?(\/bin\/)?(ba|da|z|k)?sh['"`]\s*[,\])]/, example: "execFile('/bin/sh', args)" },
  { sign: /['"`](env|xargs|find|ssh)['"`][^\n]*['"`](ba|da)?sh\b/, example: "['env', 'sh', '-c', text]" },
  { sign: /\b(ba|da)?sh -c\b/, example: '`sh -c ${command}`' },
]

test.each(signs)('$example would be noticed', ({ sign, example }) => {
  expect(sign.test(example)).toBe(true)
})

test.each([`pattern.exec(line)`, `execFile('ssh-keygen', args)`, `execFileSync('mount', args)`, 'shell: false'])(
  '%s is no shell',
  (harmless) => {
    expect(signs.filter(({ sign }) => sign.test(harmless))).toEqual([])
  },
)

test('no source of the product starts a shell', () => {
  const found = productSources().flatMap(({ path, text }) =>
    signs.flatMap(({ sign }) => sign.exec(withoutComments(text))?.[0] ?? []).map((what) => `${path}: ${what}`),
  )
  expect(found).toEqual([])
})

/** A comment may name what code must not do. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}
