/**
 * Standard input and output of a program far away as one stream that keeps Node's rules: destroying it ends the program, an
 * error says that the line was cut, and writing to a program that is gone fails. What ssh2 gives does none of that.
 */
import { Duplex, type Readable } from 'node:stream'

export interface FarEnds {
  readonly output: Readable
  readonly input: { write(chunk: Buffer, written: (error?: Error | null) => void): unknown; end(): unknown }
  /** Ends the program, as far as that is possible from here. */
  readonly close: () => void
}

export interface ProgramStream {
  readonly stdio: Duplex
  /** No more output comes; with an error: because the line was cut. */
  readonly outputEnded: (cut: Error | null) => void
  /** It reads no more input, either. */
  readonly closed: (cut: Error | null) => void
}

export function programStream({ output, input, close }: FarEnds): ProgramStream {
  let gone = false
  const stdio = new Duplex({
    // Whether it has come to its end is for the other side to say: closing first would keep back how the program ended.
    autoDestroy: false,
    read: () => void output.resume(),
    write(chunk: Buffer, _encoding, written) {
      if (gone) return written(new Error('The program has ended, and reads no more.'))
      input.write(chunk, (error) => (gone ? undefined : written(error)))
    },
    final(done) {
      input.end()
      done()
    },
    destroy(error, done) {
      gone = true
      close()
      done(error)
    },
  })
  // Whoever has no more use for the stream is told by how the program ended.
  stdio.on('error', () => {})
  output.on('data', (chunk: Buffer) => {
    if (!stdio.push(chunk)) output.pause()
  })
  return {
    stdio,
    outputEnded: (cut) => void (cut ? stdio.destroy(cut) : stdio.push(null)),
    closed(cut) {
      gone = true
      if (cut) stdio.destroy(cut)
      // What is still to be written is read by nobody; what waits here to be read is not lost with it.
      else if (stdio.readableEnded) stdio.destroy()
      else stdio.once('end', () => stdio.destroy())
    },
  }
}
