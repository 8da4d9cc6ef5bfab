/** All migrations, oldest first. A list in code, because the release is one file and has no folder to scan. */
import type { Migration } from 'kysely/migration'
import { up as firstTables } from './0001-first-tables.ts'
import { up as people } from './0002-people.ts'
import { up as audit } from './0003-audit.ts'
import { up as lines } from './0005-lines.ts'
import { up as sshHosts } from './0006-ssh-hosts.ts'
import { up as hostsInChange } from './0007-hosts-in-change.ts'
import { up as follows } from './0008-follows.ts'
import { up as runHosts } from './0009-run-hosts.ts'
import { up as startKeys } from './0010-start-keys.ts'
import { up as hostsGivenUp } from './0011-hosts-given-up.ts'
import { up as runParts } from './0012-run-parts.ts'

/** A released migration is never edited: a change is the next number. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-first-tables': { up: firstTables },
  '0002-people': { up: people },
  '0003-audit': { up: audit },
  '0005-lines': { up: lines },
  '0006-ssh-hosts': { up: sshHosts },
  '0007-hosts-in-change': { up: hostsInChange },
  '0008-follows': { up: follows },
  '0009-run-hosts': { up: runHosts },
  '0010-start-keys': { up: startKeys },
  '0011-hosts-given-up': { up: hostsGivenUp },
  '0012-run-parts': { up: runParts },
}
