/** A problem as a person reads it: its title and code, then what is wrong, why, and what to do. */
import type { Problem } from '../model/problem.ts'
import { safe, type Paint } from './paint.ts'

export function problemText({ code, title, detail }: Problem, paint: Paint): string {
  const body = safe(detail)
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n')
  return `${paint.red(title)} (${code})\n${body}\n`
}
