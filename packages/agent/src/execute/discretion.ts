/**
 * What is known to be secret on this host while something is done to it. Tools that fail quote what they stumble over, and
 * only the configuration tells that it is a password; so every word that this room writes down passes here.
 */
import type { ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { knownSecrets } from '../redaction/known-secrets.ts'
import { redactProse } from '../redaction/redact-prose.ts'
import { configTexts } from '../survey/config-texts.ts'

export interface Discretion {
  redact(says: string): string
  /** What the files hide as they are now, and what these hide that are not among them yet, or no more. */
  learn(besides?: Iterable<Uint8Array | null>): Promise<void>
}

export function discretion(host: ReadHost): Discretion {
  const known = new Set<string>()
  return {
    redact: (says) => redactProse(says, [...known]),
    async learn(besides = []) {
      const planned = [...besides].flatMap((bytes) => (bytes === null ? [] : [textOf(bytes)]))
      for (const secret of knownSecrets([...(await configTexts(host)), ...planned])) known.add(secret)
    },
  }
}
