/** Digests of documents: SHA-256 over canonical JSON (RFC 8785). */
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Digest } from './model/ids.ts'

/** The one byte sequence of a JSON document. Feed it only values that a schema has parsed: it drops what JSON lacks. */
export function canonicalBytes(document: unknown): Buffer {
  const text = canonicalize(document)
  if (text === undefined) throw new TypeError('A document that is not JSON has no canonical form. This is a bug.')
  return Buffer.from(text, 'utf8')
}

export function digestOf(document: unknown): Digest {
  return digestOfBytes(canonicalBytes(document))
}

export function digestOfBytes(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** What a person compares by eye: enough digits that nobody finds a second document with the same ones. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, 'sha256:'.length + 12)
}
