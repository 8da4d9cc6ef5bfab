/** Text of several lines from a host, harmless and two blanks in. Pure. */
import { safeLine } from '@fleetmend/shared'

export function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${safeLine(line)}`)
    .join('\n')
}
