/** Waits for something to become true on a host, and says what it waited for when it does not. */
import { setTimeout as sleep } from 'node:timers/promises'

export async function until(
  holds: () => Promise<boolean> | boolean,
  what: string | (() => string),
  limitMs = 30_000,
): Promise<void> {
  for (const endMs = Date.now() + limitMs; Date.now() < endMs; await sleep(50)) {
    if (await holds()) return
  }
  throw new Error(`waited ${limitMs / 1000} s in vain for ${typeof what === 'string' ? what : what()}`)
}
