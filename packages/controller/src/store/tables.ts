/** The tables, as TypeScript sees them. Documents are JSON in text; instants are RFC 3339 in UTC; `_ms` is an epoch. */
import type { Kysely, Transaction } from 'kysely'

export interface Tables {
  readonly runs: RunsTable
  readonly run_events: RunEventsTable
  readonly applies: AppliesTable
  readonly plans: PlansTable
  readonly hosts: HostsTable
  readonly join_tokens: JoinTokensTable
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
  snapshot: string
  started_at: string
  ended_at: string | null
  lease_owner: string | null
  lease_expires_ms: number
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
  certificate_fingerprint: string
  certificate_expires_at: string
  enrolled_at: string
  last_seen_at: string | null
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
}
