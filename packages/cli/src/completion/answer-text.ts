/** What is told to the shell that asks: a line that says what follows, then a line for each name. Pure. */
import { safeLine } from '@fleetmend/shared'
import type { Candidate } from './wanted.ts'

/**
 * Names come from controllers, and from there from hosts. Only what no shell would take for more than a word is told:
 * whatever is typed for somebody, they may run without a look.
 */
const PLAIN_WORD = /^[A-Za-z0-9-][A-Za-z0-9_.,:=@+/-]{0,300}$/

const longestWords = 100

export function namesText(names: readonly Candidate[]): string {
  const plain = names.filter(({ name }) => PLAIN_WORD.test(name))
  return ['names', ...plain.map(({ name, says }) => (says === '' ? name : `${name}\t${inShort(says)}`))]
    .map((line) => `${line}\n`)
    .join('')
}

function inShort(says: string): string {
  const line = safeLine(says)
  return line.length > longestWords ? `${line.slice(0, longestWords - 1)}…` : line
}
