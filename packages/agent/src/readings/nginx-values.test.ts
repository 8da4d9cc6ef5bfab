import { expect, test } from 'vitest'
import { nginxBytes, nginxTimeMs } from './nginx-values.ts'

test.each([
  ['60s', 60_000],
  ['90', 90_000],
  ['1m30s', 90_000],
  ['1m 30s', 90_000],
  ['500ms', 500],
  ['1h', 3_600_000],
  ['0', 0],
  ['$wait', null],
  ['s', null],
  ['', null],
])('a time of %s', (value, ms) => {
  expect(nginxTimeMs(value)).toBe(ms)
})

test.each([
  ['8192', 8192],
  ['4k', 4096],
  ['16K', 16_384],
  ['1m', 1_048_576],
  ['1g', null],
  ['', null],
])('a size of %s', (value, bytes) => {
  expect(nginxBytes(value)).toBe(bytes)
})
