/** What a caller may ask about the record: read it, take it away as a file, and say that an alarm was looked at. */
import { problem, type AuditLine, type HostId } from '@fleetmend/shared'
import type { Answer } from '../api/controller-service.ts'
import type { Sessions } from '../fleet/sessions.ts'
import type { Caller } from '../people/caller.ts'
import { appendRecord } from '../store/audit-records.ts'
import { beginChainAnew, getHostAudit } from '../store/host-audits.ts'
import { exportAudit, type ExportParts, type ExportScope } from './export-audit.ts'
import type { HostWatch } from './host-watch.ts'
import { listAudit, type AuditFilter } from './list-audit.ts'

export interface AuditService {
  /** The newest that fit, in the order of time. */
  list(filter: AuditFilter): Promise<Answer<readonly AuditLine[]>>
  /** The text of an export, in pieces. */
  export(scope: ExportScope): Answer<AsyncGenerator<string>>
  /** Takes a host's record as it is now: the alarm is over, and what the host shows next is held against this. */
  accept(request: { readonly host: HostId; readonly by: string; readonly reason: string }): Promise<Answer<null>>
}

export interface AuditParts extends ExportParts {
  readonly sessions: Sessions
  readonly watch: HostWatch
}

export function auditService(parts: AuditParts, { name, powers }: Caller): AuditService {
  const { database, clock, sessions, watch } = parts
  /** The record is one for the whole fleet: a part of it would prove nothing, and all of it is not theirs to see. */
  const whyNot =
    powers.selector === null
      ? null
      : problem('not-permitted', 'The record is that of the whole fleet, and this token is for a part of it.')
  return {
    async list(filter) {
      return whyNot ? { ok: false, problem: whyNot } : { ok: true, value: await listAudit(database, filter) }
    },

    export: (scope) =>
      whyNot ? { ok: false, problem: whyNot } : { ok: true, value: inPieces(exportAudit(parts, scope)) },

    async accept({ host, by, reason }) {
      if (whyNot) return { ok: false, problem: whyNot }
      const accepted = await database.transaction().execute(async (transaction) => {
        const audit = await getHostAudit(transaction, host)
        if (!audit?.alarm) return false
        const { code } = audit.alarm
        const at = new Date(clock.nowMs()).toISOString()
        await appendRecord(transaction, { type: 'alarm-accepted', host, code, by: name ?? by, reason }, at)
        await beginChainAnew(transaction, audit)
        return true
      })
      if (!accepted) return { ok: false, problem: problem('unknown-host', noAlarm(host)) }
      const session = sessions.get(host)
      if (session) await watch.applied(session, null)
      return { ok: true, value: null }
    },
  }
}

const pieceCharacters = 128 * 1024

/** Far fewer messages than lines. */
async function* inPieces(lines: AsyncGenerator<string>): AsyncGenerator<string> {
  let piece = ''
  for await (const line of lines) {
    piece += line
    if (piece.length < pieceCharacters) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

function noAlarm(host: HostId): string {
  return `There is no alarm about the record of a host ${host}. To see the hosts:\n    fleetmend hosts list`
}
