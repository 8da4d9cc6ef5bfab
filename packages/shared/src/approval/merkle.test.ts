import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inclusionProof, merkleRoot, rootFromProof } from './merkle.ts'

/** The leaves that implementations of certificate transparency test with. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => Buffer.from(hex, 'hex'),
)

test.each([
  { count: 0, root: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
  { count: 1, root: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d' },
  { count: 2, root: 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125' },
  { count: 3, root: 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77' },
  { count: 4, root: 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7' },
  { count: 5, root: '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4' },
  { count: 6, root: '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef' },
  { count: 7, root: 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c' },
  { count: 8, root: '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328' },
])('the known root of $count leaves', ({ count, root }) => {
  expect(merkleRoot(leaves.slice(0, count)).toString('hex')).toBe(root)
})

test.each([
  { index: 0, count: 1, path: [] },
  {
    index: 0,
    count: 8,
    path: [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  },
  {
    index: 5,
    count: 8,
    path: [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  },
  { index: 2, count: 3, path: ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'] },
  {
    index: 1,
    count: 5,
    path: [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  },
])('the known proof of leaf $index of $count', ({ index, count, path }) => {
  expect(inclusionProof(leaves.slice(0, count), index).map((hash) => hash.toString('hex'))).toEqual(path)
})

const someLeaves = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 70 })
const treeAndIndex = someLeaves.chain((leaves) => fc.tuple(fc.constant(leaves), fc.nat(leaves.length - 1)))

test('every leaf of every tree has a proof that leads to its root', () => {
  fc.assert(
    fc.property(treeAndIndex, ([leaves, index]) => {
      const proof = inclusionProof(leaves, index)
      expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(leaves.length)))
      expect(rootFromProof(leaves[index]!, index, leaves.length, proof)).toEqual(merkleRoot(leaves))
    }),
  )
})

test('a proof leads to another root, or nowhere, for another leaf, place, size or hash', () => {
  fc.assert(
    fc.property(treeAndIndex, fc.nat(), fc.nat(255), ([leaves, index], place, flip) => {
      const root = merkleRoot(leaves)
      const leaf = leaves[index]!
      const proof = inclusionProof(leaves, index)
      const leads = (...given: Parameters<typeof rootFromProof>): boolean =>
        rootFromProof(...given)?.equals(root) === true

      expect(leads(Buffer.concat([leaf, Buffer.from([flip])]), index, leaves.length, proof)).toBe(false)
      const other = place % leaves.length
      const isSame = other === index || Buffer.from(leaves[other]!).equals(leaf)
      expect(leads(leaf, other, leaves.length, proof) && !isSame).toBe(false)
      expect(leads(leaf, index, leaves.length, [...proof, root])).toBe(false)
      expect(proof.length > 0 && leads(leaf, index, leaves.length, proof.slice(1))).toBe(false)
      const bent = proof.map((hash, n) => (n === place % proof.length ? bend(hash, flip) : hash))
      expect(proof.length > 0 && leads(leaf, index, leaves.length, bent)).toBe(false)
    }),
  )
})

test('the order of leaves is part of the root', () => {
  const [a, b] = [Buffer.from('a'), Buffer.from('b')]
  expect(merkleRoot([a, b])).not.toEqual(merkleRoot([b, a]))
})

test('an inner node cannot pass for a leaf', () => {
  const [a, b, c, d] = leaves.slice(4).map((leaf) => Buffer.from(leaf)) as [Buffer, Buffer, Buffer, Buffer]
  const hash = (leaf: Buffer): Buffer => createHash('sha256').update('\0').update(leaf).digest()
  const forged = [Buffer.concat([hash(a), hash(b)]), Buffer.concat([hash(c), hash(d)])]
  expect(merkleRoot(forged)).not.toEqual(merkleRoot([a, b, c, d]))
})

test.each([
  { index: -1, size: 3 },
  { index: 3, size: 3 },
  { index: 0.5, size: 3 },
  { index: 0, size: 0 },
  { index: Number.NaN, size: 3 },
  { index: 0, size: Infinity },
])('there is no leaf $index in a tree of $size', ({ index, size }) => {
  expect(rootFromProof(Buffer.alloc(0), index, size, [])).toBeNull()
  expect(() => inclusionProof(leaves.slice(0, 3), index === 0 ? 3 : index)).toThrow(RangeError)
})

function bend(hash: Buffer, flip: number): Buffer {
  const bent = Buffer.from(hash)
  bent[flip % bent.length]! ^= 1 + (flip % 255)
  return bent
}
