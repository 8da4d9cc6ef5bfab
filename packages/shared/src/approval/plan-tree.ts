/**
 * The tree that a manifest's root stands for: which plan on which host, sorted by host. Approvers rebuild it from the
 * plans they were shown; a host gets its own proof and learns nothing of the others.
 */
import * as z from 'zod/mini'
import { canonicalBytes } from '../digest.ts'
import type { Digest, HostId } from '../model/ids.ts'
import { inclusionProofs, merkleRoot, rootFromProof } from './merkle.ts'

/** What one leaf says. Its bytes are the canonical JSON of exactly these two. */
export interface PlannedHost {
  readonly host: HostId
  readonly digest: Digest
}

const NodeHash = z.string().check(z.regex(/^[0-9a-f]{64}$/))

/** Shows that a leaf is in a tree of `size` leaves. Sixty-four hashes reach further than there are hosts. */
export const InclusionProof = z.strictObject({
  index: z.int().check(z.nonnegative()),
  size: z.int().check(z.positive()),
  path: z.array(NodeHash).check(z.maxLength(64)),
})
export type InclusionProof = z.infer<typeof InclusionProof>

export interface PlanTree {
  readonly root: Digest
  readonly size: number
  /** `null`: the host has no plan in this tree. */
  proofOf(host: HostId): InclusionProof | null
}

/** The order in which the plans are given does not matter. A host has one plan in a run; two are a bug. */
export function planTree(plans: readonly PlannedHost[]): PlanTree {
  const sorted = plans.toSorted((a, b) => (a.host < b.host ? -1 : 1))
  const twice = sorted.find(({ host }, n) => sorted[n + 1]?.host === host)
  if (twice !== undefined) throw new TypeError(`There are two plans for ${twice.host} in one manifest. This is a bug.`)
  const leaves = sorted.map(leafBytes)
  const places = new Map(sorted.map(({ host }, index) => [host, index]))
  const proofAt = inclusionProofs(leaves)
  return {
    root: asDigest(merkleRoot(leaves)),
    size: leaves.length,
    proofOf(host) {
      const index = places.get(host)
      if (index === undefined) return null
      const path = proofAt(index).map((hash) => hash.toString('hex'))
      return { index, size: leaves.length, path }
    },
  }
}

/** Whether the proof shows that this plan on this host is under this root. */
export function isInTree(plan: PlannedHost, proof: InclusionProof, root: Digest): boolean {
  const path = proof.path.map((hash) => Buffer.from(hash, 'hex'))
  const found = rootFromProof(leafBytes(plan), proof.index, proof.size, path)
  return found !== null && asDigest(found) === root
}

function leafBytes({ host, digest }: PlannedHost): Buffer {
  return canonicalBytes({ host, digest })
}

function asDigest(hash: Buffer): Digest {
  return `sha256:${hash.toString('hex')}`
}
