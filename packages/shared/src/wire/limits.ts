/** How much one side of a channel may ask of the other, each with its reason. */
import { MAX_FRAME_BYTES } from './channel.ts'

export interface PeerLimits {
  /** Queries and mutations that run at once. They read files and start processes: more at once is not faster. */
  readonly calls: number
  /** Those that wait for a place. Beyond, a call is refused at once instead of timing out late. */
  readonly queuedCalls: number
  /** Subscriptions have their own limit: they last, and must not take the places of calls. */
  readonly subscriptions: number
  /** Checked before sending, too: one big answer then fails alone instead of ending the connection. */
  readonly maxFrameBytes: number
  /** Unsent bytes at which the other side is taken for one that asks and does not read. */
  readonly maxQueuedBytes: number
  /** A call's limit where its caller names none (`context: { limitMs }`). For subscriptions: until it has started. */
  readonly callMs: number
  /** Silence after which the other side is asked for a sign of life. */
  readonly pingMs: number
  /** How long it may then stay silent. Must exceed the time in which a line empties the kernel's send buffer. */
  readonly pongMs: number
  /** After which a line on which nothing is asked and nothing runs is closed. Between once and twice of it passes. */
  readonly idleMs: number
}

export const defaultLimits: PeerLimits = {
  calls: 16,
  queuedCalls: 1000,
  subscriptions: 100,
  maxFrameBytes: MAX_FRAME_BYTES,
  maxQueuedBytes: 64 * 1024 * 1024,
  callMs: 60_000,
  pingMs: 15_000,
  pongMs: 15_000,
  // Agents wait to be asked for as long as they live.
  idleMs: Infinity,
}

/** For people and automation: enough for any screen and any script, little enough that one of them cannot harm the others. */
export const peopleLimits: PeerLimits = {
  ...defaultLimits,
  calls: 8,
  queuedCalls: 64,
  subscriptions: 16,
  maxQueuedBytes: 16 * 1024 * 1024,
  // A laptop that was closed asks again when it is opened.
  idleMs: 15 * 60_000,
}

/** What a person sends is short: names of hosts, a reason, a signature. Ten thousand names fit. */
export const MAX_REQUEST_BYTES = 1024 * 1024
