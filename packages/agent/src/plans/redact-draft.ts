/** What a remediation says of a host, with secrets hidden: it may quote configuration, logs and who ran what. */
import type { Redactor } from '../redaction/host-redactor.ts'
import type { Drafted } from '../remediations/define.ts'

/** Edits, checks, acts and what the plan rests on are names and real bytes, and stay as they are. */
export function redactDraft(drafted: Drafted, redact: Redactor): Drafted {
  switch (drafted.kind) {
    case 'nothing-to-do':
      return { ...drafted, because: redact(drafted.because) }
    case 'refused':
      return { ...drafted, because: redact(drafted.because), toDo: redact(drafted.toDo) }
    case 'draft':
      return {
        ...drafted,
        because: redact(drafted.because),
        arithmetic: drafted.arithmetic.map(redact),
        disturbs: drafted.disturbs.map(redact),
        warnings: drafted.warnings.map(redact),
        forecast: drafted.forecast.map(redact),
      }
  }
}
