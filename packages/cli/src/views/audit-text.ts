/** The record in lines, and what came of checking one. Words of hosts and people are escaped. */
import { safeLine, type AuditLine, type Paint, type Verification } from '@fleetmend/shared'

export function auditListText(lines: readonly AuditLine[], paint: Paint): string {
  if (lines.length === 0) return 'Nothing is on record about that.\n'
  return lines.map((line) => lineText(line, paint)).join('')
}

function lineText({ at, recordedBy, host, run, by, type, says }: AuditLine, paint: Paint): string {
  const when = `${at.slice(0, 19).replace('T', ' ')}Z`
  const about = [recordedBy === null ? host : `${recordedBy} itself`, run, by === null ? null : `by ${by}`]
  const words = about.flatMap((each) => (each === null ? [] : safeLine(each))).join(', ')
  const told = type === 'host-alarm' ? paint.red(safeLine(says)) : safeLine(says)
  return `${paint.dim(when)}  ${words === '' ? '' : `${paint.bold(words)}: `}${told}\n`
}

export function verificationText({ proved, broken, cannotTell }: Verification, paint: Paint): string {
  const list = (head: string, says: readonly string[]): string =>
    says.length === 0 ? '' : `${head}\n${says.map((each) => `  ${safeLine(each)}\n`).join('')}\n`
  const verdict =
    broken.length === 0
      ? paint.green('Whole: nothing was changed, taken out or put in.')
      : paint.red(`BROKEN in ${broken.length === 1 ? 'one place' : `${broken.length} places`}.`)
  return [
    `${verdict}\n\n`,
    list(
      paint.red('Broken'),
      broken.map(({ code, says }) => `${code}: ${says}`),
    ),
    list(paint.bold('Proved'), proved),
    list(paint.bold('Not proved by this'), cannotTell),
  ].join('')
}
