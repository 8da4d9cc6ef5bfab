/** A row of the store that needs no other: a join token that nobody has used. */
import type { Insertable } from 'kysely'
import type { Tables } from '../src/store/tables.ts'

export const sampleJoinToken: Insertable<Tables['join_tokens']> = {
  secret_hash: 'x',
  host: null,
  labels: '{}',
  made_by: 'ana',
  made_at: 'now',
  expires_at: 'later',
  used_at: null,
  used_by: null,
}
