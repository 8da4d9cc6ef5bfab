import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { errnoOf, errnoWords, failedRead } from './errno.ts'

function refusal(code: string): Error {
  return Object.assign(new Error(`${code}: as node says it`), { code })
}

test.each([
  { code: 'ENOENT', why: 'missing', says: 'no such file or directory' },
  { code: 'ENOTDIR', why: 'missing', says: 'not a directory' },
  { code: 'EACCES', why: 'denied', says: 'permission denied' },
  { code: 'EPERM', why: 'denied', says: 'operation not permitted' },
  { code: 'EISDIR', why: 'failed', says: 'a directory' },
  { code: 'ELOOP', why: 'failed', says: 'too many links' },
  { code: 'EIO', why: 'failed', says: 'EIO: as node says it' },
])('$code is why something is $why: $says', ({ code, why, says }) => {
  expect(failedRead(refusal(code))).toEqual({ ok: false, why, says })
})

test.each([
  { code: 'ECONNREFUSED', says: 'connection refused' },
  { code: 'EAGAIN', says: 'the queue of the listener is full' },
  { code: 'ECONNRESET', says: 'connection reset' },
  { code: 'ETIMEDOUT', says: 'no answer in time' },
  { code: 'ENOSPC', says: 'no space left on the device' },
  { code: 'EROFS', says: 'the file system is read-only' },
])('$code in words: $says', ({ code, says }) => {
  expect(errnoOf(refusal(code))).toBe(code)
  expect(errnoWords(refusal(code))).toBe(says)
})

test('what the kernel really refused is understood', async () => {
  const missing: unknown = await readFile('/proc/no-such-file').catch((error: unknown) => error)
  expect(errnoOf(missing)).toBe('ENOENT')
  expect(errnoWords(missing)).toBe('no such file or directory')
})

test.each([
  { what: 'an error of the program itself', thrown: new TypeError('no number'), says: 'no number' },
  { what: 'a code that is a number', thrown: Object.assign(new Error('odd'), { code: 7 }), says: 'odd' },
  { what: 'something that is no error', thrown: 'text', says: 'unknown error' },
  { what: 'nothing', thrown: undefined, says: 'unknown error' },
])('$what has no errno, and says what there is to say', ({ thrown, says }) => {
  expect(errnoOf(thrown)).toBe('UNKNOWN')
  expect(errnoWords(thrown)).toBe(says)
  expect(failedRead(thrown)).toEqual({ ok: false, why: 'failed', says })
})
