import type { OfferedRemediation } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { readRemediation } from './remediation-words.ts'

const tunePool: OfferedRemediation = {
  id: 'tune-pool',
  title: 'Size a pool',
  meaning: '',
  input: {
    type: 'object',
    properties: {
      pool: { type: 'string', description: 'e.g. php8.2-fpm/www' },
      reserveMiB: { type: 'integer' },
      force: { type: 'boolean' },
    },
  },
}

test.each([
  { words: ['pool=php8.2-fpm/www'], input: { pool: 'php8.2-fpm/www' } },
  { words: ['reserveMiB=512', 'force=true'], input: { reserveMiB: 512, force: true } },
  // What does not look like its type goes as it is: the host says what is wrong with it.
  { words: ['reserveMiB=much', 'force=yes'], input: { reserveMiB: 'much', force: 'yes' } },
  { words: ['pool=12'], input: { pool: '12' } },
  { words: ['pool=a=b'], input: { pool: 'a=b' } },
])('$words', ({ words, input }) => {
  expect(readRemediation('tune-pool', words, [tunePool])).toEqual({ ok: true, value: { id: 'tune-pool', input } })
})

test.each([
  { id: 'raise', words: [], catalogue: [tunePool], code: 'unknown-remediation', says: 'tune-pool' },
  { id: 'raise', words: [], catalogue: [], code: 'unknown-remediation', says: 'none is connected' },
  { id: 'tune-pool', words: ['size=9'], catalogue: [tunePool], code: 'bad-input', says: 'php8.2-fpm/www' },
  { id: 'tune-pool', words: ['toString=9'], catalogue: [tunePool], code: 'bad-input', says: 'takes no input' },
  { id: 'tune-pool', words: ['=9'], catalogue: [tunePool], code: 'bad-input', says: 'name=value' },
])('$id $words', ({ id, words, catalogue, code, says }) => {
  const read = readRemediation(id, words, catalogue)
  expect(read).toMatchObject({ ok: false, problem: { code } })
  expect(read.ok ? '' : read.problem.detail).toContain(says)
})
