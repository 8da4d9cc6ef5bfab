/** The documents of `--json`: one each, with a format that only changes when the meaning does. */
import type { Moved } from '@fleetmend/controller'
import type {
  ApiTokenView,
  AuditLine,
  FleetAuthority,
  HostRecordView,
  Problem,
  Run,
  RunNews,
  RunView,
  Verification,
  Whoami,
} from '@fleetmend/shared'
import type { AnsweredHost } from './installation/carry-out-on-hosts.ts'
import type { Streams } from './streams.ts'

export interface RunDocument extends RunView {
  readonly format: 'fleetmend.run/1'
}

export interface RunsDocument {
  readonly format: 'fleetmend.runs/1'
  /** Newest first. */
  readonly runs: readonly Run[]
}

export interface HostsDocument {
  readonly format: 'fleetmend.hosts/1'
  readonly hosts: readonly HostRecordView[]
}

export interface InvitationDocument {
  readonly format: 'fleetmend.invitation/1'
  readonly token: string
  readonly expiresAt: string
}

export interface AddedDocument {
  readonly format: 'fleetmend.added/1'
  readonly host: string
  readonly place: string
  readonly fingerprint: string
  /** What keeps the controller from it by now; null: it is connected. */
  readonly wrong: Problem | null
}

export interface RemovedDocument {
  readonly format: 'fleetmend.removed/1'
  readonly host: string
}

export interface BackupDocument {
  readonly format: 'fleetmend.backup/1'
  readonly file: string
  readonly sizeBytes: number
  readonly digest: string
}

export interface InstallationsDocument {
  readonly format: 'fleetmend.installation/1'
  readonly hosts: readonly AnsweredHost[]
}

export interface TokenDocument {
  readonly format: 'fleetmend.token/1'
  /** What is to be kept secret; shown once. */
  readonly secret: string
  readonly token: ApiTokenView
  readonly url: string | null
  readonly fingerprint: string | null
}

export interface TokensDocument {
  readonly format: 'fleetmend.tokens/1'
  readonly tokens: readonly ApiTokenView[]
}

export interface RevokedDocument {
  readonly format: 'fleetmend.revoked/1'
  readonly tokens: readonly ApiTokenView[]
}

export interface WhoamiDocument extends Whoami {
  readonly format: 'fleetmend.whoami/1'
}

export interface StoreMovedDocument extends Moved {
  readonly format: 'fleetmend.store-moved/1'
  readonly to: 'database' | 'file'
}

export interface AuthorityDocument extends FleetAuthority {
  readonly format: 'fleetmend.authority/1'
}

export interface AuditDocument {
  readonly format: 'fleetmend.audit-list/1'
  readonly lines: readonly AuditLine[]
}

export interface VerificationDocument extends Verification {
  readonly format: 'fleetmend.verification/1'
}

/** One line of `--jsonl`. */
export type NewsLine = { readonly format: 'fleetmend.news/1' } & RunNews

/** Nothing is printed for programs that does not say what it is. */
export interface Formatted {
  readonly format: `fleetmend.${string}/${number}`
}

// oxlint-disable-next-line no-unnecessary-type-parameters -- a document written out in the call has more than its format
export function printJson<Document extends Formatted>(streams: Pick<Streams, 'out'>, document: Document): void {
  streams.out(`${JSON.stringify(document, null, 2)}\n`)
}

export function printRun(streams: Pick<Streams, 'out'>, view: RunView): void {
  printJson(streams, { format: 'fleetmend.run/1', ...view } satisfies RunDocument)
}

export function printNews(streams: Pick<Streams, 'out'>, news: RunNews): void {
  printLine(streams, { format: 'fleetmend.news/1', ...news } satisfies NewsLine)
}

// oxlint-disable-next-line no-unnecessary-type-parameters -- a document written out in the call has more than its format
export function printLine<Document extends Formatted>(streams: Pick<Streams, 'out'>, document: Document): void {
  streams.out(`${JSON.stringify(document)}\n`)
}
