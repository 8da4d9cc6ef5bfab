/** A longer queue where the pool's own setting makes it short; the kernel's limit is a person's. */
import { expect, test } from 'vitest'
import {
  samplePoolFile,
  samplePoolText,
  sampleCapacity,
  sampleConfig,
  sampleFacts,
  sampleFpm,
  samplePool,
} from '../survey/sample-facts.ts'
import { raiseBacklog } from './raise-backlog.ts'
import { filesAfter, mustDraft } from './sample-edits.ts'

const input = { pool: 'php8.2-fpm/www', backlog: 511 } as const

interface Set {
  readonly set?: string
  readonly somaxconn?: number | null
}

function withQueue(limit: number, { set = '', somaxconn = 4096 }: Set = {}) {
  const queue = { ok: true, value: { waiting: [0, 0, 0], limit } } as const
  const config = { ok: true, value: sampleConfig({ pool: `${samplePoolText}${set}` }) } as const
  return sampleFacts({
    fpm: [sampleFpm({ pools: [samplePool({ queue })], config })],
    capacity: sampleCapacity({ somaxconn }),
  })
}

test('a short queue is made longer, by a restart', () => {
  const facts = withQueue(5, { set: 'listen.backlog = 5\n' })
  const drafted = raiseBacklog.draft(facts, input)
  expect(filesAfter(facts, drafted)).toEqual({ [samplePoolFile]: `${samplePoolText}listen.backlog = 511\n` })
  expect(mustDraft(drafted)).toMatchObject({
    acts: [{ act: 'restart', service: 'php8.2-fpm' }],
    clears: [{ diagnosis: 'backlog-small' }],
  })
  expect(mustDraft(drafted).disturbs.join(' ')).toMatch(/get 502/)
})

test('one that was edited and reloaded takes the restart alone', () => {
  const drafted = mustDraft(raiseBacklog.draft(withQueue(5, { set: 'listen.backlog = 511\n' }), input))
  expect(drafted).toMatchObject({ edits: [], acts: [{ act: 'restart' }] })
  expect(drafted.because).toMatch(/is 511 on disk, but its socket was opened with 5/)
})

test.each([
  [
    'is all that keeps it short',
    withQueue(128, { somaxconn: 128 }),
    /`sysctl -w net\.core\.somaxconn=4096`.*restart-fpm/,
  ],
  ['is below what is wanted', withQueue(5, { somaxconn: 128 }), /`--input backlog=128` is the most/],
])('the kernel’s limit %s: exact steps', (_, facts, toDo) => {
  expect(raiseBacklog.draft(facts, input)).toMatchObject({
    kind: 'refused',
    because: expect.stringContaining('net.core.somaxconn') as string,
    toDo: expect.stringMatching(toDo) as string,
  })
})

test('without knowing the kernel’s limit it is still set', () => {
  expect(raiseBacklog.draft(withQueue(5, { somaxconn: null }), input).kind).toBe('draft')
})

test('a queue that is long enough is left alone', () => {
  expect(raiseBacklog.draft(withQueue(4096), input)).toMatchObject({ kind: 'nothing-to-do' })
})

test('one that cannot be read is not guessed at', () => {
  const queue = { ok: false, why: 'failed', says: 'ss: not found' } as const
  const facts = sampleFacts({ fpm: [sampleFpm({ pools: [samplePool({ queue })] })] })
  expect(raiseBacklog.draft(facts, input)).toMatchObject({ kind: 'refused' })
})
