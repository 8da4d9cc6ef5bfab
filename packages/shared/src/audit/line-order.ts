/** The one order that the lines of an audit stand in, so that no two of them can change places unseen. */
import type { ExportLine } from './export-lines.ts'

/** The controller's record, then events of runs by number, then one host after the other by name. */
const sections: Readonly<Record<ExportLine['line'], number>> = {
  export: 0,
  controller: 1,
  event: 2,
  host: 3,
  'host-record': 3,
  'host-now': 3,
  'host-silent': 3,
  'host-record-now': 3,
  end: 4,
}

/** Of one host: what is kept of it, its records, then what it shows now or that it does not answer. */
const parts: Partial<Readonly<Record<ExportLine['line'], number>>> = {
  host: 0,
  'host-record': 1,
  'host-now': 2,
  'host-silent': 2,
  'host-record-now': 3,
}

/** Whether a line may stand after the one before. */
export function follows(before: ExportLine | null, line: ExportLine): boolean {
  if (before === null) return line.line === 'export'
  if (line.line === 'event' && before.line === 'event') return before.event.sequence < line.event.sequence
  if ('host' in line) {
    if (!('host' in before)) return line.line === 'host' && sections[before.line] < sections.host
    if (line.line === 'host') return before.host < line.host
    const [part = 0, last = 0] = [parts[line.line], parts[before.line]]
    const isRepeated = line.line === 'host-record' || line.line === 'host-record-now'
    const comesFrom = line.line !== 'host-record-now' || before.line === 'host-now' || before.line === line.line
    return before.host === line.host && comesFrom && (last < part || (last === part && isRepeated))
  }
  const [section, last] = [sections[line.line], sections[before.line]]
  return last < section || (last === section && line.line === 'controller')
}
