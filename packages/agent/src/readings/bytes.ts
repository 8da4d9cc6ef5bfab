/**
 * Bytes as text in which a character is a byte (latin1), so that a parse and an edit can never lose or re-encode any.
 * Readings of files take and give this; what a person reads goes through `forPeople`.
 */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** Byte text decoded as UTF-8, for screens and documents. */
export function forPeople(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8')
}
