/**
 * The version of what crosses the wire: one growing integer. Within a number things are only added; what changes the
 * meaning of something takes the next number and a line here. Package versions mean nothing on the wire.
 */
import * as z from 'zod/mini'

interface ProtocolVersion {
  readonly version: number
  readonly since: string
  readonly says: string
}

/** Newest last. Lines are never edited. */
export const protocolHistory = [
  {
    version: 1,
    since: '2026-11',
    says: 'First release: tRPC frames both ways, hello, diagnose, plan, apply, approvals.',
  },
] as const satisfies readonly ProtocolVersion[]

export const PROTOCOL_VERSION = 1

/** Raised only when support for an old version is removed, one release after it was announced. */
export const OLDEST_SPOKEN = 1

/** Part of `hello`. A lenient object: a newer side may say more. */
export const Spoken = z.object({
  newest: z.int().check(z.positive(), z.describe('The newest protocol version this side speaks.')),
  oldest: z.int().check(z.positive(), z.describe('The oldest protocol version this side still speaks.')),
})
export type Spoken = z.infer<typeof Spoken>

export const spokenHere: Spoken = { newest: PROTOCOL_VERSION, oldest: OLDEST_SPOKEN }

/** The version to speak, or which side is too old to be spoken with. */
export type Agreement =
  | { readonly ok: true; readonly version: number }
  | { readonly ok: false; readonly upgrade: 'this-side' | 'other-side'; readonly says: string }

export function agree(theirs: Spoken, ours: Spoken = spokenHere): Agreement {
  const version = Math.min(theirs.newest, ours.newest)
  if (version >= Math.max(theirs.oldest, ours.oldest)) return { ok: true, version }
  const upgrade = theirs.newest < ours.oldest ? 'other-side' : 'this-side'
  return {
    ok: false,
    upgrade,
    says:
      `This side speaks versions ${ours.oldest} to ${ours.newest} of the protocol, ` +
      `the other side ${theirs.oldest} to ${theirs.newest}. Upgrade ${upgrade === 'this-side' ? 'this' : 'the other'} side.`,
  }
}
