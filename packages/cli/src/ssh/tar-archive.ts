/** Files as a tar archive (POSIX ustar, pax(1)), piece by piece: every host can take one apart while it arrives. */

export interface ArchivedFile {
  /** A plain name, without folders. */
  readonly name: string
  readonly mode: number
  readonly sizeBytes: number
  readonly bytes: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

const blockBytes = 512

export async function* tarArchive(files: readonly ArchivedFile[]): AsyncGenerator<Uint8Array> {
  for (const { name, mode, sizeBytes, bytes } of files) {
    yield header(name, mode, sizeBytes)
    let left = sizeBytes
    for await (const chunk of bytes()) {
      left -= chunk.length
      yield chunk
    }
    if (left !== 0) throw new Error(`${name} changed while it was read.`)
    yield Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes)
  }
  yield Buffer.alloc(2 * blockBytes)
}

function header(name: string, mode: number, sizeBytes: number): Buffer {
  if (!/^[\w.-]{1,99}$/.test(name)) throw new Error(`${name} cannot stand in an archive. This is a bug.`)
  const block = Buffer.alloc(blockBytes)
  block.write(name, 0)
  block.write(octal(mode, 8), 100)
  // Of root, at the beginning of time: the same files are the same archive.
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(sizeBytes, 12), 124)
  block.write(octal(0, 12), 136)
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar', 257)
  block.write('00', 263)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 7)} `, 148)
  return block
}

/** With a NUL at its end. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`
}
