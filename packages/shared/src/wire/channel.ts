/**
 * A pipe of whole text frames between two processes: ordered, and reliable until it ends. What carries it (WebSocket,
 * byte stream, memory) is the transport's business; `Peer` knows nothing else.
 */
export interface Channel {
  readonly open: boolean
  /** Bytes that were handed to `send` and have not left this process. */
  readonly queuedBytes: number
  /** Grows as bytes leave this process. With `queuedBytes` it tells a slow line from a dead one. */
  readonly flushedBytes: number
  /** Grows with every byte that arrives, even of an unfinished frame where the transport can see that. */
  readonly receivedBytes: number
  /** Never blocks and never throws; a frame for a channel that is not open is dropped. */
  send(frame: string): void
  /** `null`: there is room. Otherwise resolves when there is room again, or when the channel has ended. */
  pressure(): Promise<void> | null
  /** Once, in the same turn in which the transport opened: frames that arrive earlier may be lost. */
  listen(listener: ChannelListener): void
  /** Without an error what was sent still goes out, for a short while. With one the line is cut at once. */
  close(error?: Error): void
}

export interface ChannelListener {
  message(frame: string): void
  /** What arrived is no frame. The channel can still send, so that the other side can be told why it is left. */
  garbled(says: string): void
  /** Exactly once, whoever ended it. An error means that the end was not in order. */
  close(error?: Error): void
}

/** Where a sender should wait: enough to keep any line busy, little enough to hold for thousands of agents. */
export const PRESSURE_MARK_BYTES = 1024 * 1024

/** A frame above this is refused on both sides. Long answers are subscriptions, not big frames. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024

/** How long an orderly close may wait for the other side before the line is cut. */
export const CLOSE_GRACE_MS = 2_000
