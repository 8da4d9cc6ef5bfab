import { TRPCClientError } from '@trpc/client'
import { TRPCError } from '@trpc/server'
import { describe, expect, test } from 'vitest'
import { problem, problemKinds, type ProblemCode } from '../problems.ts'
import { CallFailure, outcomeIsUnknown } from './call-failure.ts'
import { problemError, problemOf } from './problem-error.ts'

const codes = Object.keys(problemKinds) as ProblemCode[]

/** As a caller's tRPC client makes it from an error frame. */
function fromWire(data: object, message = 'words from afar'): TRPCClientError<never> {
  return TRPCClientError.from({ error: { code: -32603, message, data } })
}

test.each(codes)('%s is the same problem on the side that throws it', (code) => {
  const thrown = problemError(problem(code, 'why'))
  expect(thrown).toBeInstanceOf(TRPCError)
  expect(problemOf(thrown)).toEqual(problem(code, 'why'))
})

test.each([
  { code: 'bad-input', rpc: 'BAD_REQUEST' },
  { code: 'plan-is-stale', rpc: 'PRECONDITION_FAILED' },
  { code: 'act-failed', rpc: 'UNPROCESSABLE_CONTENT' },
  { code: 'unreachable', rpc: 'SERVICE_UNAVAILABLE' },
  { code: 'timed-out', rpc: 'TIMEOUT' },
  { code: 'too-big', rpc: 'PAYLOAD_TOO_LARGE' },
  { code: 'malformed-frame', rpc: 'PARSE_ERROR' },
  { code: 'internal', rpc: 'INTERNAL_SERVER_ERROR' },
] as const)('$code is $rpc to a stock client', ({ code, rpc }) => {
  expect(problemError(problem(code, 'why')).code).toBe(rpc)
})

describe('from the wire', () => {
  test('a problem keeps its code and words; the title is the one we know it by', () => {
    const error = fromWire({
      problem: { code: 'plan-expired', title: 'Anything else', detail: 'It was made at 02:00.' },
    })
    expect(problemOf(error)).toEqual(problem('plan-expired', 'It was made at 02:00.'))
  })

  test.each(['host-is-on-fire', 'constructor', '__proto__'])(
    'a problem of a newer version (%s) is not lost',
    (code) => {
      const error = fromWire({ problem: { code, title: 'New', detail: 'Something we do not know.' } })
      expect(problemOf(error)).toEqual(problem('internal', 'New: Something we do not know.'))
    },
  )

  test('a problem that is none is said to be unreadable', () => {
    expect(problemOf(fromWire({ problem: { code: 7 } }))).toMatchObject({
      code: 'internal',
      detail: expect.stringContaining('cannot be read'),
    })
  })

  test.each([
    { rpc: 'BAD_REQUEST', code: 'bad-input' },
    { rpc: 'PAYLOAD_TOO_LARGE', code: 'too-big' },
    { rpc: 'TOO_MANY_REQUESTS', code: 'unreachable' },
    { rpc: 'TIMEOUT', code: 'timed-out' },
    { rpc: 'PARSE_ERROR', code: 'malformed-frame' },
    { rpc: 'NOT_FOUND', code: 'not-offered' },
    { rpc: 'SOMETHING_NEW', code: 'internal' },
    { rpc: 'toString', code: 'internal' },
  ])('$rpc without a problem becomes $code', ({ rpc, code }) => {
    expect(problemOf(fromWire({ code: rpc }))).toMatchObject({
      code,
      detail: expect.stringContaining('words from afar'),
    })
  })

  test.each([undefined, null, 'text', 7, {}, new Error('broke'), { data: 7 }])(
    '%o is at least an internal problem',
    (thrown) => {
      expect(problemOf(thrown).code).toBe('internal')
    },
  )
})

describe('a call without an answer', () => {
  test.each([
    { reason: 'not-connected', sent: false, code: 'unreachable' },
    { reason: 'connection-lost', sent: true, code: 'unreachable' },
    { reason: 'timed-out', sent: true, code: 'timed-out' },
    { reason: 'cancelled', sent: true, code: 'timed-out' },
    { reason: 'cancelled', sent: false, code: 'timed-out' },
  ] as const)('$reason (sent: $sent) is $code, and says whether the outcome is known', ({ reason, sent, code }) => {
    const error = TRPCClientError.from(new CallFailure(reason, sent, 'Why.'))
    expect(outcomeIsUnknown(error)).toBe(sent)
    const { detail, ...rest } = problemOf(error)
    expect(rest.code).toBe(code)
    expect(detail.includes('is not known')).toBe(sent)
  })
})
