/** One line for the login shell of an account, whatever shell that is: sshd hands on a line, never a list of words. */

/**
 * Read alike by bash, dash, zsh, fish and csh. All of them take single quotes literally, but for a backslash (fish) and an
 * exclamation mark (csh), which therefore stand outside of quotes, behind a backslash, like the quote itself.
 */
export function commandLine(argv: readonly [string, ...string[]]): string {
  return argv.map((word, at) => (isPlain(word, at) ? word : quoted(word))).join(' ')
}

/** Without a slash the first word may be a keyword (`if`, `time`); with one it is a program. */
function isPlain(word: string, at: number): boolean {
  return /^[A-Za-z0-9_./:,+-]+$/.test(word) && (at > 0 || word.includes('/'))
}

function quoted(word: string): string {
  // No quoting carries them through csh, or through an argument vector at all.
  if (/[\0\n]/.test(word)) throw new TypeError('A word for a shell holds a line break or NUL. This is a bug.')
  return word === ''
    ? "''"
    : word.replaceAll(/[\\'!]|[^\\'!]+/g, (part) => (/[\\'!]/.test(part) ? `\\${part}` : `'${part}'`))
}
