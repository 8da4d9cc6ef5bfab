/** A channel over an open WebSocket: one text message is one frame. */
import { CLOSE_GRACE_MS, type Channel, type ChannelListener } from './channel.ts'
import { corkPerTurn, type Corkable } from './cork.ts'
import { roomFor } from './room.ts'
import { systemTimers, type Timers } from './timers.ts'

/** What is needed of a WebSocket of the `ws` package, on either side. */
export interface WebSocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  send(data: string, sent: (error?: Error) => void): void
  close(code?: number): void
  terminate(): void
  on(event: 'message', listener: (data: unknown, isBinary: boolean) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'close', listener: (code: number, reason: Uint8Array) => void): unknown
}

export interface WebSocketChannelOptions {
  /**
   * The socket underneath: `request.socket` on a server, `response.socket` of the `upgrade` event on a client. With it a
   * big frame that drips in over a slow line is a sign of life before it is complete, and the frames of one turn leave
   * together.
   */
  readonly socket?: Corkable & { readonly bytesRead: number }
  readonly timers?: Timers
}

const OPEN = 1
const NORMAL = 1000
const GOING_AWAY = 1001
/** No status code was sent (RFC 6455 section 7.1.5): the other side closed without giving one. */
const NO_STATUS = 1005

export function webSocketChannel(ws: WebSocketLike, options: WebSocketChannelOptions = {}): Channel {
  const { socket, timers = systemTimers } = options
  let listener: ChannelListener | null = null
  let open = ws.readyState === OPEN
  let ended = false
  let failure: Error | undefined
  let cancelGrace: (() => void) | null = null
  let sentBytes = 0
  let messageBytes = 0

  const room = roomFor(() => ws.bufferedAmount)
  const cork = corkPerTurn(socket)

  // Without a listener an 'error' would end the process; 'close' always follows it.
  ws.on('error', (error) => {
    if (open) failure ??= error
  })
  ws.on('close', (code) => end(code))

  return {
    get open() {
      return open
    },
    get queuedBytes() {
      return ws.bufferedAmount
    },
    get flushedBytes() {
      return sentBytes - ws.bufferedAmount
    },
    get receivedBytes() {
      return socket?.bytesRead ?? messageBytes
    },
    send(frame) {
      if (!open || ws.readyState !== OPEN) return
      sentBytes += Buffer.byteLength(frame)
      cork()
      ws.send(frame, room.drained)
    },
    pressure: () => room.pressure(),
    listen(given) {
      if (listener !== null) throw new TypeError('A channel has one listener. This is a bug.')
      listener = given
      if (ended) return given.close(failure)
      ws.on('message', receive)
    },
    close(error) {
      if (error !== undefined) {
        failure ??= error
        ws.terminate()
        return end(NORMAL)
      }
      if (!open) return
      open = false
      room.release()
      ws.close(NORMAL)
      // `ws` itself waits thirty seconds for the other side's close frame.
      cancelGrace = timers.after(CLOSE_GRACE_MS, () => ws.terminate())
    },
  }

  function receive(data: unknown, isBinary: boolean): void {
    if (!open) return
    if (isBinary || !Buffer.isBuffer(data)) {
      listener?.garbled('a message is binary')
      return
    }
    messageBytes += data.length
    // `ws` has checked that a text message is UTF-8.
    listener?.message(data.toString('utf8'))
  }

  function end(code: number): void {
    if (ended) return
    ended = true
    if (open && failure === undefined && code !== NORMAL && code !== GOING_AWAY && code !== NO_STATUS) {
      failure = new Error(`The WebSocket was closed with code ${code}.`)
    }
    open = false
    cancelGrace?.()
    room.release()
    listener?.close(failure)
  }
}
