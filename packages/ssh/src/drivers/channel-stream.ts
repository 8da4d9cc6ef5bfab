/** A channel of ssh2 as a stream that keeps Node's rules, and that tells an end from a line that was cut. */
import type { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { programStream } from './program-stream.ts'
import type { Hop } from './ssh2-hop.ts'

export function channelStream(channel: ClientChannel, { broken }: Pick<Hop, 'broken'>): Duplex {
  const { stdio, outputEnded, closed } = programStream({
    output: channel,
    // The end of input is said at once, and never to a channel that is gone meanwhile.
    input: { write: (chunk, written) => channel.write(chunk, written), end: () => channel.eof() },
    close: () => channel.close(),
  })
  const cut = (): Error | null => {
    const why = broken()
    return why && new Error(why.detail)
  }
  // The end of an answer and the end of the line look alike to ssh2.
  channel.on('end', () => outputEnded(cut()))
  channel.on('close', () => closed(cut()))
  return stdio
}
