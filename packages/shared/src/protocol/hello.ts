/**
 * What an agent says of itself when it is asked first: who it is, what it speaks, and what it can find and do. A fleet of
 * mixed versions is described by what its agents say, never by what a controller was built with.
 */
import * as z from 'zod/mini'
import { SignedHead } from '../audit/signed-head.ts'
import { digestOf } from '../digest.ts'
import { Digest, HostId } from '../model/ids.ts'
import { Spoken } from './version.ts'

const Named = z.object({ id: z.string(), title: z.string(), meaning: z.string() })

/** A remediation as an agent offers it. Lenient, as all of `hello`: a newer agent may say more. */
export const OfferedRemediation = z.object({
  ...Named.shape,
  /** JSON Schema (2020-12) of its input. */
  input: z.record(z.string(), z.unknown()),
})
export type OfferedRemediation = z.infer<typeof OfferedRemediation>

const Catalogue = z.object({ diagnoses: z.array(Named), remediations: z.array(OfferedRemediation) })
export type Catalogue = z.infer<typeof Catalogue>

/** Catalogues are long, and the same on thousands of hosts: whoever asks says which ones it has. */
export const Greeting = z.object({ knows: z.array(Digest).check(z.maxLength(16)) })
export type Greeting = z.infer<typeof Greeting>

export const Hello = z.object({
  host: HostId,
  agentVersion: z.string().check(z.maxLength(50)),
  os: z.nullable(z.string().check(z.maxLength(200))).check(z.describe('e.g. `Debian GNU/Linux 12 (bookworm)`.')),
  spoken: Spoken,
  catalogue: Catalogue,
  known: z.exactOptional(
    Digest.check(
      z.describe('The catalogue is the one with this digest, which whoever asks has; its lists are left out.'),
    ),
  ),
  asRoot: z.exactOptional(
    z.literal(true).check(z.describe('Whoever asks over this line counts as root on the host, and needs no approval.')),
  ),
  audit: z.exactOptional(SignedHead.check(z.describe('Where its own record stands; missing: it has none yet.'))),
})
export type Hello = z.infer<typeof Hello>

/** The same, as long as it has to be for who knows some catalogues already. */
export function briefly(hello: Hello, { knows }: Greeting): Hello {
  if (knows.length === 0) return hello
  const digest = digestOfCatalogue(hello.catalogue)
  return knows.includes(digest) ? { ...hello, catalogue: { diagnoses: [], remediations: [] }, known: digest } : hello
}

const digests = new WeakMap<Catalogue, Digest>()

function digestOfCatalogue(catalogue: Catalogue): Digest {
  const digest = digests.get(catalogue) ?? digestOf(catalogue)
  digests.set(catalogue, digest)
  return digest
}
