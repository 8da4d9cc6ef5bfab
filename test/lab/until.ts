/** Waits for something to become true, and says what it waited for when it does not. */
import { setTimeout as sleep } from 'node:timers/promises'

export async function until(
  holds: () => Promise<boolean> | boolean,
  what: string | (() => string),
  limitMs = 30_000,
): Promise<void> {
  if (await comesTrue(holds, limitMs)) return
  throw new Error(`waited ${limitMs / 1000} s in vain for ${typeof what === 'string' ? what : what()}`)
}

/** Generous: a busy machine is slow, and whoever waits goes on as soon as it holds. */
export async function comesTrue(holds: () => Promise<boolean> | boolean, limitMs = 30_000): Promise<boolean> {
  for (const endMs = Date.now() + limitMs; Date.now() < endMs; await sleep(everyMs)) if (await holds()) return true
  return false
}

const everyMs = 25
