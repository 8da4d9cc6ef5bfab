/** `fleetmend-agent audit`: what is on record of this host, and whether it holds together. */
import {
  exitCodes,
  HostEntry,
  hostEntryPerson,
  hostEntryWords,
  problem,
  safeLine,
  type AuditRecord,
  type Paint,
} from '@fleetmend/shared'
import { checkChain } from '@fleetmend/shared/audit/chain-check'
import { openVerdicts } from '@fleetmend/shared/audit/verification'
import { readRecords } from '../audit/read-chain.ts'
import { jsonOption, printJson, type Command } from './define.ts'
import { reportProblem } from './report-problem.ts'

const shown = 200

export const auditCommand: Command = {
  name: 'audit',
  summary: 'Show what was asked of this host and what became of it, and check that the record is whole.',
  usage: 'audit [--json]',
  options: { ...jsonOption },
  words: { min: 0, max: 0 },

  async run(context) {
    const { streams, values } = context
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const records = await readRecords(state.value, 1, Number.MAX_SAFE_INTEGER)
    const verdicts = openVerdicts()
    const chain = checkChain('The record of this host', verdicts)
    for (const record of records) chain.add(record)
    const { broken, cannotTell } = verdicts.result
    if (values['json'])
      printJson(streams, { format: 'fleetmend.host-audit/1', records: [...records], broken: [...broken] })
    else for (const record of records.slice(-shown)) streams.out(line(record, streams.paint))
    if (broken.length > 0)
      return reportProblem(streams, problem('audit-broken', broken.map(({ says }) => safeLine(says)).join('\n')))
    if (values['json']) return exitCodes.done
    streams.err(`${chain.words}, each with the hash of the one before.\n`)
    for (const says of cannotTell) streams.err(`${safeLine(says)}\n`)
    streams.err('That none is missing at the end only the controller can tell:\n    fleetmend audit verify --live\n')
    return exitCodes.done
  },
}

function line({ at, sequence, entry }: AuditRecord, { dim, bold }: Paint): string {
  const read = HostEntry.safeParse(entry)
  const by = read.success ? hostEntryPerson(read.data) : null
  const says = read.success
    ? hostEntryWords(read.data)
    : `A record of kind ${entry.type}, which this version does not know.`
  const who = by === null ? '' : `${bold(safeLine(`by ${by}`))}: `
  return `${dim(`${at.slice(0, 19).replace('T', ' ')}Z  ${String(sequence).padStart(5)}`)}  ${who}${safeLine(says)}\n`
}
