/**
 * The host's secret for HMACs of file contents. An unkeyed hash of a file with a password in it would let anyone who
 * sees a plan test guesses. It is made once and never leaves the host.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { link, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, saysOf, syncDirectory, temporaryName, writeNew } from './durable.ts'

const keyBytes = 32

export type HostKey = Uint8Array

export type LoadedKey = { readonly ok: true; readonly value: HostKey } | { readonly ok: false; readonly says: string }

export async function loadHostKey(path: string): Promise<LoadedKey> {
  try {
    const key = (await readKey(path)) ?? (await makeKey(path))
    if (key.length === keyBytes) return { ok: true, value: key }
    return {
      ok: false,
      says: `Cannot use ${path}: it has ${key.length} bytes instead of ${keyBytes}. Plans made with it are void. To begin anew:\n    rm ${path}`,
    }
  } catch (error) {
    return { ok: false, says: `Cannot use ${path}: ${saysOf(error)}.` }
  }
}

/** `hmac-sha256:` and 64 hex digits. */
export function hmacOf(key: HostKey, bytes: Uint8Array): string {
  return `hmac-sha256:${createHmac('sha256', key).update(bytes).digest('hex')}`
}

export function isHmacOf(key: HostKey, bytes: Uint8Array, hmac: string): boolean {
  const computed = Buffer.from(hmacOf(key, bytes))
  const given = Buffer.from(hmac)
  return computed.length === given.length && timingSafeEqual(computed, given)
}

async function readKey(path: string): Promise<HostKey | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Two agents that start at once must agree on one key: the first link wins, the other reads what it finds. */
async function makeKey(path: string): Promise<HostKey> {
  const temporary = temporaryName(path)
  await writeNew(temporary, randomBytes(keyBytes), 0o600)
  try {
    await link(temporary, path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(dirname(path))
  return readFile(path)
}
