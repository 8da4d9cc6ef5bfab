/** The advisory locks of controllers in a database. Numbers mean nothing; versions that lie side by side must agree on them. */

/** The bytes of `flmd`. */
const room = 0x666c6d64

export const lockKeys = {
  /** Held by a controller as long as it lives. */
  controller: [room, 1],
  /** Held by a transaction. */
  writer: [room, 2],
} as const
