/** What the kernel refused, in words. */
import type { Read, ReadFailure } from './host.ts'

const words: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ECONNREFUSED: 'connection refused',
  EAGAIN: 'the queue of the listener is full',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'not a directory',
  EISDIR: 'a directory',
  ELOOP: 'too many links',
  ETIMEDOUT: 'no answer in time',
  ECONNRESET: 'connection reset',
  ENETUNREACH: 'the network is unreachable',
  EHOSTUNREACH: 'no route to the host',
  EADDRNOTAVAIL: 'no local address or port is left for it',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
}

export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'
}

export function errnoWordsOf(errno: string): string {
  return words[errno] ?? errno
}

export function errnoWords(error: unknown): string {
  return words[errnoOf(error)] ?? (error instanceof Error ? error.message : 'unknown error')
}

export function failedRead(error: unknown): Extract<Read<never>, { ok: false }> {
  const code = errnoOf(error)
  const why: ReadFailure =
    code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : code === 'EACCES' || code === 'EPERM' ? 'denied' : 'failed'
  return { ok: false, why, says: errnoWords(error) }
}
