/** Who may approve on a host, as a person reads it: each with their key and what it may sign, and each line that counts for nothing. */
import { safeLine, type Paint } from '@fleetmend/shared'
import type { ApproversRead } from '../serve/approvers-file.ts'

export function approversText(read: ApproversRead, path: string, paint: Paint): string {
  const head = `${paint.bold('Who may approve')}  ${paint.dim(path)}\n`
  if (!read.ok) return `${head}${paint.yellow(indented(read.problem.detail))}\n`
  const { approvers, refused } = read.value
  const width = Math.max(0, ...approvers.map(({ principal }) => principal.length))
  const rows = approvers.map(({ principal, fingerprint, namespaces, validAfterMs, validBeforeMs }) => {
    const may = namespaces === null ? 'everything but break-glass' : namespaces.join(', ')
    const when = [
      validAfterMs === null ? '' : `from ${new Date(validAfterMs).toISOString()}`,
      validBeforeMs === null ? '' : `until ${new Date(validBeforeMs).toISOString()}`,
    ].filter((each) => each !== '')
    return `  ${safeLine(principal.padEnd(width))}  ${fingerprint}  ${paint.dim(safeLine([may, ...when].join(', ')))}\n`
  })
  const without = refused.map(
    ({ line, says }) => `  ${paint.yellow(`line ${line} counts for nothing: ${safeLine(says)}`)}\n`,
  )
  const nobody = approvers.length === 0 ? '  nobody\n' : ''
  return `${head}${rows.join('')}${nobody}${without.join('')}`
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${safeLine(line)}`.trimEnd())
    .join('\n')
}
