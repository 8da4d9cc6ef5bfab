/**
 * Merkle tree hashing of RFC 9162 section 2.1: one root stands for a list of leaves, and a short proof shows that one
 * leaf is in it. Leaves and inner nodes are hashed with different prefixes, so that neither can pass for the other.
 */
import { createHash } from 'node:crypto'

/** Of nothing at all: the hash of no bytes. */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  return leaves.length === 0 ? createHash('sha256').digest() : treeOf(leaves.map(leafHash)).hash
}

/** The hashes beside the way from a leaf up to the root, lowest first. */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): readonly Buffer[] {
  return inclusionProofs(leaves)(index)
}

/** The same for leaf after leaf: every node of the tree is hashed once, at the first. */
export function inclusionProofs(leaves: readonly Uint8Array[]): (index: number) => readonly Buffer[] {
  let tree: Node | null = null
  return (index) => {
    if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
      throw new RangeError(`There is no leaf ${index} in a tree of ${leaves.length}. This is a bug.`)
    }
    tree ??= treeOf(leaves.map(leafHash))
    return pathOf(tree, index)
  }
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

interface Node {
  readonly hash: Buffer
  readonly leaves: number
  /** Null: it is a leaf. */
  readonly sides: readonly [Node, Node] | null
}

function treeOf(hashes: readonly Buffer[]): Node {
  const [only] = hashes
  if (hashes.length === 1 && only !== undefined) return { hash: only, leaves: 1, sides: null }
  const split = splitOf(hashes.length)
  const [left, right] = [treeOf(hashes.slice(0, split)), treeOf(hashes.slice(split))]
  return { hash: nodeHash(left.hash, right.hash), leaves: hashes.length, sides: [left, right] }
}

function pathOf({ sides }: Node, index: number): readonly Buffer[] {
  if (sides === null) return []
  const [left, right] = sides
  return index < left.leaves ? [...pathOf(left, index), right.hash] : [...pathOf(right, index - left.leaves), left.hash]
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
