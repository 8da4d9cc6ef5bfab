import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nginxBytes } from '../readings/nginx-values.ts'
import { buffersFor, inK, nextHeaderBuffer } from './header-buffers.ts'

const unset = { bufferSize: null, buffers: null, busy: null, temporaryWrite: null }

describe('the next size', () => {
  test.each([
    [4096, 16 * 1024],
    [8192, 32 * 1024],
    [64 * 1024, 128 * 1024],
    [128 * 1024, null],
    [256 * 1024, null],
  ])('after %i bytes is %s', (bytes, next) => expect(nextHeaderBuffer(bytes)).toBe(next))
})

describe('what nginx wants beside it', () => {
  test('shipped buffers get as many more as it takes, of the same size', () => {
    expect(buffersFor(16 * 1024, unset)).toMatchObject({
      buffers: { count: 9, size: 4096 },
      busy: null,
      temporaryWrite: null,
    })
  })
  test('enough of them stay as they are', () => {
    expect(buffersFor(16 * 1024, { ...unset, buffers: ['16', '16k'] })).toMatchObject({ buffers: null, busy: null })
  })
  test('busy buffers and writes that are set and too small follow', () => {
    expect(buffersFor(16 * 1024, { ...unset, busy: '8k', temporaryWrite: '8k' })).toMatchObject({
      buffers: { count: 9, size: 4096 },
      busy: 32 * 1024,
      temporaryWrite: 32 * 1024,
    })
  })
  test.each([{ buffers: ['eight', '4k'] }, { buffers: ['8', '$size'] }, { busy: '1g' }])(
    'what is not understood is not guessed: %j',
    (written) => expect(buffersFor(16 * 1024, { ...unset, ...written })).toBeNull(),
  )

  const size = fc.integer({ min: 1, max: 64 }).map((pages) => inK(pages * 4096))
  const settings = fc.record({
    bufferSize: fc.constant(null),
    buffers: fc.option(fc.tuple(fc.integer({ min: 2, max: 64 }).map(String), size)),
    busy: fc.option(size),
    temporaryWrite: fc.option(size),
  })
  test('whatever is set, the rules of ngx_http_fastcgi_merge_loc_conf hold', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 32 }), settings, (pages, now) => {
        const bytes = pages * 4096
        const needed = buffersFor(bytes, now)
        if (!needed) throw new Error('not understood')
        const one = nginxBytes(now.buffers?.[1] ?? '4k') ?? 0
        const count = needed.buffers?.count ?? Number(now.buffers?.[0] ?? 8)
        const larger = Math.max(bytes, one)
        const busy = needed.busy ?? (now.busy === null ? 2 * larger : nginxBytes(now.busy)!)
        const write = needed.temporaryWrite ?? (now.temporaryWrite === null ? larger : nginxBytes(now.temporaryWrite)!)
        expect(busy).toBeGreaterThanOrEqual(larger)
        expect(busy).toBeLessThanOrEqual((count - 1) * one)
        expect(write).toBeGreaterThanOrEqual(larger)
      }),
    )
  })
})
