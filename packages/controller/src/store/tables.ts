/** The tables, as TypeScript sees them. Documents are JSON in text; instants are RFC 3339 in UTC; `_ms` is an epoch. */
import type { Kysely, Transaction } from 'kysely'

export interface Tables {
  readonly runs: RunsTable
  readonly run_hosts: RunHostsTable
  readonly run_groups: RunGroupsTable
  readonly run_notes: RunNotesTable
  readonly run_held_back: RunHeldBackTable
  readonly run_events: RunEventsTable
  readonly applies: AppliesTable
  readonly plans: PlansTable
  readonly hosts: HostsTable
  readonly hosts_in_change: HostsInChangeTable
  readonly hosts_given_up: HostsGivenUpTable
  readonly join_tokens: JoinTokensTable
  readonly audit_records: AuditRecordsTable
  readonly host_audits: HostAuditsTable
  readonly host_audit_records: HostAuditRecordsTable
  readonly api_tokens: ApiTokensTable
  readonly console_sessions: ConsoleSessionsTable
}

export type Database = Kysely<Tables>

/** Either the database or a transaction in it; what is asked inside a transaction must be asked of that transaction. */
export type Connection = Kysely<Tables> | Transaction<Tables>

/** A run as it is now: what all of its events together come to. */
export interface RunsTable {
  id: string
  state: string
  /** The number of its events. */
  revision: number
  /** Without what has rows of its own. */
  snapshot: string
  /** Those of its hosts that have the labels of canaries, as they were then. */
  canaries: string
  started_at: string
  ended_at: string | null
  lease_owner: string | null
  lease_expires_ms: number
  /** The run whose hosts it takes up, and what for. */
  follows: string | null
  follows_as: string | null
  /** The key of the request that began it, and whose request it was. Null: it had none. */
  start_key: string | null
}

/** A host of a run as it is now. */
export interface RunHostsTable {
  run: string
  /** Its place among the hosts of the run, which stays. */
  position: number
  host: string
}

/** A change group without its hosts, each of which says itself which group it is in. */
export interface RunGroupsTable {
  run: string
  key: string
  change_group: string
}

/** Only added to. */
export interface RunNotesTable {
  run: string
  position: number
  note: string
}

/** A host whose turn it is, and what it waits for. */
export interface RunHeldBackTable {
  run: string
  host: string
  /** Its place among all who wait; those who wait for the same stand together. */
  position: number
  because: string
}

/** One chain over all runs, so that a whole run cannot be taken out unseen. Rows are never changed or deleted. */
export interface RunEventsTable {
  sequence: number
  run: string
  revision: number
  at: string
  type: string
  /** Canonical JSON (RFC 8785); its SHA-256 is `hash`. */
  entry: string
  previous: string | null
  hash: string
}

/** The last report of a host about an apply of a run. */
export interface AppliesTable {
  run: string
  host: string
  plan: string
  report: string
}

export interface PlansTable {
  digest: string
  host: string
  record: string
}

export interface HostsTable {
  id: string
  labels: string
  os: string | null
  agent_version: string | null
  key_fingerprint: string
  /** Null, like its end: the host is reached over SSH. */
  certificate_fingerprint: string | null
  certificate_expires_at: string | null
  /** How it is reached, as a document. Null: it dials out. */
  ssh: string | null
  enrolled_at: string
  last_seen_at: string | null
  /** Fingerprints, as the host last told them. Null: the one that it enrolled with. */
  trusted_authorities: string | null
}

/** A host is in change by one run at most, of whichever controller. */
export interface HostsInChangeTable {
  host: string
  run: string
}

/** Begun by a run, and not heard of again: it counts as in change until it is known what became of it. */
export interface HostsGivenUpTable {
  host: string
  run: string
}

export interface JoinTokensTable {
  /** SHA-256 of the secret: whoever reads the store cannot join with it. */
  secret_hash: string
  /** The only host that may use it; then it may also replace that host. */
  host: string | null
  labels: string
  made_by: string
  made_at: string
  expires_at: string
  used_at: string | null
  used_by: string | null
  /** An address, where it was known. */
  used_from: string | null
}

/** Rows are never deleted: they say who a name in the history was. */
export interface ApiTokensTable {
  id: string
  secret_hash: string
  name: string
  /** Joined by commas. */
  roles: string
  selector: string | null
  /** 0 or 1. */
  read_only: number
  made_by: string
  made_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
  revoked_by: string | null
}

export interface ConsoleSessionsTable {
  secret_hash: string
  token: string
  made_at: string
  expires_at: string
}

/** The controller's chain over everything that changes something. Rows are never changed or deleted. */
export interface AuditRecordsTable {
  sequence: number
  at: string
  type: string
  host: string | null
  run: string | null
  by: string | null
  /** Canonical JSON (RFC 8785); its SHA-256 is `hash`. */
  record: string
  hash: string
}

/** What is held against a host's own chain: its key since it enrolled, and the newest head that it signed. */
export interface HostAuditsTable {
  host: string
  public_key: string
  /** Counts the chains of this name: a host that was deliberately enrolled anew may begin another one. */
  chain: number
  head: string | null
  alarm: string | null
}

/** Copies of hosts' records, as the hosts told them. */
export interface HostAuditRecordsTable {
  host: string
  chain: number
  sequence: number
  at: string
  run: string | null
  record: string
  hash: string
}
