/** What approvers sign: which run, asked for by whom and why, on which hosts with which plans, and until when. */
import * as z from 'zod/mini'
import { canonicalBytes, digestOf } from '../digest.ts'
import { Digest, Instant, RunId } from '../model/ids.ts'
import { Share } from '../model/share.ts'

/** Long enough to be applied by a person who is busy, short enough that nobody finds it again next week. */
export const DEFAULT_APPROVAL_MS = 60 * 60 * 1000

/** Half of a surrogate pair has no UTF-8 and so no canonical bytes; control characters could dress up what is signed. */
const Line = z.string().check(
  z.minLength(1),
  z.maxLength(200),
  z.refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'must be one line of plain text'),
)

const Prose = z.string().check(
  z.minLength(1),
  z.maxLength(2000),
  z.refine((text) => text.isWellFormed() && !/[^\P{Cc}\n]/u.test(text), 'must be plain text'),
)

const someHosts = Share.check(z.refine((share) => share !== 0 && share !== '0%', 'must be one host at least'))

/** The order in which hosts are done. The controller keeps it; a host alone cannot check it. */
export const WavePlan = z.strictObject({
  canaryHosts: Share.check(z.describe('Hosts that are done first, alone, in each change group.')),
  canaryLabels: z.exactOptional(
    Line.check(z.describe('A label selector: canaries are such hosts, in each group that has any.')),
  ),
  ramp: z.exactOptional(
    z.array(someHosts).check(z.minLength(1), z.maxLength(50), z.describe('Sizes of the first batches after that.')),
  ),
  batchHosts: someHosts.check(z.describe('Hosts of each batch after those.')),
  between: z.exactOptional(
    z
      .union([
        z.literal('promote'),
        z.strictObject({ wellForMs: z.int().check(z.minimum(1000), z.maximum(24 * 60 * 60_000)) }),
      ])
      .check(
        z.describe(
          'What the next wave waits for: a person, or that the one before was well for so long; left out: for nothing.',
        ),
      ),
  ),
})
export type WavePlan = z.infer<typeof WavePlan>

export const Manifest = z
  .strictObject({
    format: z.literal('fleetmend.manifest/1'),
    run: RunId,
    requester: Line.check(z.describe('Who asked for the run, as the controller knows them.')),
    reason: Prose.check(z.describe('Why, in the words of the requester.')),
    waves: WavePlan,
    notBefore: Instant,
    notAfter: Instant.check(z.describe('An apply must begin before this.')),
    hosts: z.int().check(z.positive(), z.describe('How many hosts, and so leaves of the tree, there are.')),
    root: Digest.check(z.describe('Root of the Merkle tree over the plans of all hosts.')),
  })
  .check(z.refine(({ notBefore, notAfter }) => notBefore < notAfter, 'notBefore must be before notAfter'))
export type Manifest = z.infer<typeof Manifest>

/** Exactly what is signed, and what `ssh-keygen -Y verify` reads on its standard input. */
export function manifestBytes(manifest: Manifest): Buffer {
  return canonicalBytes(manifest)
}

/** What `approve RUN --digest` takes, so that nobody signs a manifest they have not seen. */
export function manifestDigest(manifest: Manifest): Digest {
  return digestOf(manifest)
}
