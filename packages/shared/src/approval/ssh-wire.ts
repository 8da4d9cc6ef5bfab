/** Reading the binary encoding of SSH (RFC 4251 section 5), strictly: one value has one encoding, nothing is left over. */

/** What a reader meets that is not the encoding. Caught where the reading began; it never leaves this folder. */
export class SshEncodingError extends Error {}

export interface SshReader {
  /** The next `count` bytes. */
  bytes(count: number): Buffer
  byte(): number
  uint32(): number
  /** Bytes behind their length. */
  string(): Buffer
  /** A string of printable ASCII, as names of algorithms are. */
  name(): string
  /** A positive whole number, as its bytes without leading zeros. */
  positiveMpint(): Buffer
  /** Whatever is left. */
  rest(): Buffer
  /** Nothing may follow. */
  end(): void
}

export function sshReader(data: Buffer): SshReader {
  let at = 0
  const reader: SshReader = {
    bytes(count) {
      if (count > data.length - at) throw new SshEncodingError('it ends too early')
      at += count
      return data.subarray(at - count, at)
    },
    byte: () => reader.bytes(1).readUInt8(0),
    uint32: () => reader.bytes(4).readUInt32BE(0),
    string: () => reader.bytes(reader.uint32()),
    name() {
      const text = reader.string().toString('latin1')
      if (!/^[\x21-\x7e]+$/.test(text)) throw new SshEncodingError('a name in it is not printable')
      return text
    },
    positiveMpint() {
      const value = reader.string()
      const [first = 0, second = 0] = value
      if (value.length === 0 || first >= 0x80) throw new SshEncodingError('a number in it is not positive')
      if (first !== 0) return value
      if (second < 0x80) throw new SshEncodingError('a number in it has needless zeros')
      return value.subarray(1)
    },
    rest: () => reader.bytes(data.length - at),
    end() {
      if (at !== data.length) throw new SshEncodingError('something follows its end')
    },
  }
  return reader
}

/** Bytes behind their length. */
export function sshString(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Canonical base64 only: decoding and encoding again gives the same text. */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : null
}
