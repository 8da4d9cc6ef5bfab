/**
 * A grant: what may be done without a person, signed in advance for runbooks. It names remediations, the bounds of their
 * inputs, hosts, how often in an hour, and from when until when; each host counts by itself. Pure.
 */
import * as z from 'zod/mini'
import { canonicalBytes } from '../digest.ts'
import type { SuggestedRemediation } from '../model/finding.ts'
import { GrantId, HostId, Instant } from '../model/ids.ts'
import { Manifest } from './manifest.ts'

const Scalar = z.union([z.string().check(z.maxLength(500)), z.number(), z.boolean()])

/** What an input may be. Unnamed inputs may not be there at all, so that a newer agent has no bound that nobody signed. */
export const Bound = z.union([
  z.strictObject({ oneOf: z.array(Scalar).check(z.minLength(1), z.maxLength(100)) }),
  z.strictObject({ atLeast: z.number(), atMost: z.number() }),
  z.strictObject({ any: z.literal(true) }),
])
export type Bound = z.infer<typeof Bound>

/** Names as they stand in a plan, kept from dressing up what is signed. */
const Name = z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/))

export const Grant = z
  .strictObject({
    format: z.literal('fleetmend.grant/1'),
    id: GrantId,
    reason: Manifest.shape.reason.check(z.describe('What it is for, in the words of who drew it up.')),
    remediations: z
      .array(Name)
      .check(z.minLength(1), z.maxLength(20), z.describe('A plan may have these and no other remediations.')),
    inputs: z.record(Name, Bound).check(z.describe('What each input of these remediations may be.')),
    hosts: z.union([
      z.strictObject({ named: z.array(HostId).check(z.minLength(1), z.maxLength(10_000)) }),
      z.strictObject({
        fleet: Manifest.shape.requester.check(z.describe('The id of a fleet: every host that is enrolled in it.')),
      }),
    ]),
    perHour: z.int().check(z.minimum(1), z.maximum(60), z.describe('Applies that may begin on a host in any hour.')),
    watchAtLeastMs: z
      .int()
      .check(
        z.minimum(0),
        z.maximum(3_600_000),
        z.describe('How long the host is watched afterwards, and put back if it is worse: never less.'),
      ),
    notBefore: Instant,
    notAfter: Instant.check(z.describe('An apply must begin before this.')),
  })
  .check(z.refine(({ notBefore, notAfter }) => notBefore < notAfter, 'notBefore must be before notAfter'))
export type Grant = z.infer<typeof Grant>

/** Exactly what is signed, and what `ssh-keygen -Y verify` reads on its standard input. */
export function grantBytes(grant: Grant): Buffer {
  return canonicalBytes(grant)
}

/** A plan, or what the plans of a change have in common. */
interface Remedies {
  readonly remediations: readonly SuggestedRemediation[]
  /** Left out: as long as hosts do by themselves. */
  readonly watchMs?: number | undefined
}

export type Uncovered =
  | { readonly code: 'grant-not-for-this-plan'; readonly says: string }
  | { readonly code: 'grant-out-of-bounds'; readonly says: string }

/** Why a plan is not what was granted, as a sentence; null: it is. */
export function whyNotCovered(grant: Grant, { remediations, watchMs }: Remedies): Uncovered | null {
  const others = remediations.filter(({ id }) => !grant.remediations.includes(id))
  if (others.length > 0 || remediations.length === 0) {
    const would = remediations.map(({ id }) => id).join(', ')
    const says = `The plan would ${would || 'do something else'}; ${grant.id} is for ${grant.remediations.join(', ')} and nothing else.`
    return { code: 'grant-not-for-this-plan', says }
  }
  if (watchMs !== undefined && watchMs < grant.watchAtLeastMs) {
    const says = `The host would be watched for ${watchMs / 1000} s afterwards, and ${grant.id} asks for at least ${grant.watchAtLeastMs / 1000} s.`
    return { code: 'grant-out-of-bounds', says }
  }
  for (const { id, input } of remediations) {
    for (const [name, value] of Object.entries(input)) {
      const bound = Object.hasOwn(grant.inputs, name) ? grant.inputs[name] : undefined
      if (bound !== undefined && isWithin(bound, value)) continue
      const given = `The plan has ${name}=${String(value)} for ${id}`
      const says =
        bound === undefined
          ? `${given}, and ${grant.id} says nothing of ${name}.`
          : `${given}, and ${grant.id} allows ${boundWords(bound)}.`
      return { code: 'grant-out-of-bounds', says }
    }
  }
  return null
}

export function boundWords(bound: Bound): string {
  if ('oneOf' in bound) return bound.oneOf.map(String).join(' or ')
  return 'any' in bound ? 'anything' : `${bound.atLeast} to ${bound.atMost}`
}

function isWithin(bound: Bound, value: string | number | boolean): boolean {
  if ('oneOf' in bound) return bound.oneOf.includes(value)
  if ('any' in bound) return true
  return typeof value === 'number' && value >= bound.atLeast && value <= bound.atMost
}
