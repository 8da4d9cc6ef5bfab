/**
 * Merkle tree hashing of RFC 9162 section 2.1: one root stands for a list of leaves, and a short proof shows that one
 * leaf is in it. Leaves and inner nodes are hashed with different prefixes, so that neither can pass for the other.
 */
import { createHash } from 'node:crypto'

/** Of nothing at all: the hash of no bytes. */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest()
  return rootOf(leaves.map(leafHash))
}

/** The hashes beside the way from a leaf up to the root, lowest first. */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): readonly Buffer[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`There is no leaf ${index} in a tree of ${leaves.length}. This is a bug.`)
  }
  return pathOf(leaves.map(leafHash), index)
}

/**
 * The root that follows from a leaf and its proof (RFC 9162 section 2.1.3.2), or `null` where the proof does not have
 * the length that the position in the tree demands.
 */
export function rootFromProof(
  leaf: Uint8Array,
  index: number,
  treeSize: number,
  proof: readonly Uint8Array[],
): Buffer | null {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(treeSize) || index < 0 || index >= treeSize) return null
  let node = index
  let last = treeSize - 1
  let hash = leafHash(leaf)
  for (const sibling of proof) {
    if (last === 0) return null
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash)
      // The rightmost path skips the levels at which it has no sibling.
      while (node % 2 === 0 && node !== 0) {
        node /= 2
        last = Math.floor(last / 2)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? hash : null
}

function rootOf(hashes: readonly Buffer[]): Buffer {
  const [only] = hashes
  if (hashes.length === 1 && only !== undefined) return only
  const split = splitOf(hashes.length)
  return nodeHash(rootOf(hashes.slice(0, split)), rootOf(hashes.slice(split)))
}

function pathOf(hashes: readonly Buffer[], index: number): readonly Buffer[] {
  if (hashes.length === 1) return []
  const split = splitOf(hashes.length)
  const left = hashes.slice(0, split)
  const right = hashes.slice(split)
  return index < split ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - split), rootOf(left)]
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  return 2 ** (31 - Math.clz32(count - 1))
}

function leafHash(leaf: Uint8Array): Buffer {
  return createHash('sha256').update('\x00').update(leaf).digest()
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update('\x01').update(left).update(right).digest()
}
