/**
 * Problems across a call: a procedure throws `problemError(problem)`, its caller gets the same problem back from
 * `problemOf(error)`, which finds words for every other way in which a call can fail, too.
 */
import { TRPCError } from '@trpc/server'
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc'
import type { Problem } from '../model/problem.ts'
import { problem, problemKinds, type ProblemCode } from '../problems.ts'
import { callFailureOf, type CallFailure } from './call-failure.ts'

/** To be thrown by a procedure whose answer is a problem. */
export function problemError(answer: Problem): TRPCError {
  return new TRPCError({ code: rpcCodeOf(answer.code), message: answer.detail, cause: new ProblemCause(answer) })
}

/** What a caller is to make of whatever its call threw. */
export function problemOf(error: unknown): Problem {
  const own = thrownProblem(error)
  if (own !== null) return own
  const failure = callFailureOf(error)
  if (failure !== null) return problemOfFailure(failure)
  const { code, problem: carried } = readErrorData(error)
  if (carried !== undefined) return readProblem(carried)
  return problemByRpcCode(code, error instanceof Error ? error.message : String(error))
}

/** The problem inside an error made by `problemError`, on the side that threw it. */
export function thrownProblem(error: unknown): Problem | null {
  return error instanceof Error && error.cause instanceof ProblemCause ? error.cause.problem : null
}

class ProblemCause extends Error {
  readonly problem: Problem

  constructor(carried: Problem) {
    super(carried.detail)
    this.name = 'ProblemCause'
    this.problem = carried
  }
}

/** Only stock clients and logs look at these; our own callers read the problem. */
function rpcCodeOf(code: ProblemCode): TRPC_ERROR_CODE_KEY {
  return rpcCodes[code] ?? rpcCodesByExit[problemKinds[code].exit]
}

const rpcCodes: Partial<Record<ProblemCode, TRPC_ERROR_CODE_KEY>> = {
  internal: 'INTERNAL_SERVER_ERROR',
  'malformed-frame': 'PARSE_ERROR',
  'too-big': 'PAYLOAD_TOO_LARGE',
  'timed-out': 'TIMEOUT',
  'not-offered': 'NOT_FOUND',
  'not-signed-in': 'UNAUTHORIZED',
  'api-token-over': 'UNAUTHORIZED',
  'not-permitted': 'FORBIDDEN',
  'other-site': 'FORBIDDEN',
  'too-many-requests': 'TOO_MANY_REQUESTS',
}

const rpcCodesByExit: Record<(typeof problemKinds)[ProblemCode]['exit'], TRPC_ERROR_CODE_KEY> = {
  1: 'INTERNAL_SERVER_ERROR',
  3: 'PRECONDITION_FAILED',
  4: 'UNPROCESSABLE_CONTENT',
  5: 'SERVICE_UNAVAILABLE',
  64: 'BAD_REQUEST',
}

function problemOfFailure(failure: CallFailure): Problem {
  const unknown = failure.sent ? ' Whether it was carried out is not known: ask the host before doing it again.' : ''
  const code = failure.reason === 'timed-out' || failure.reason === 'cancelled' ? 'timed-out' : 'unreachable'
  return problem(code, `${failure.message}${unknown}`)
}

/** For answers without a problem inside: from tRPC itself, or from a stock server. */
function problemByRpcCode(code: string | undefined, says: string): Problem {
  switch (code ?? '') {
    case 'BAD_REQUEST':
      return problem('bad-input', says)
    case 'PARSE_ERROR':
      return problem('malformed-frame', says)
    case 'PAYLOAD_TOO_LARGE':
      return problem('too-big', says)
    case 'TIMEOUT':
      return problem('timed-out', says)
    case 'TOO_MANY_REQUESTS':
      return problem('unreachable', says)
    case 'NOT_FOUND':
      return problem(
        'not-offered',
        `The other side does not know this call; it is probably of another version. It said: ${says}`,
      )
    default:
      return problem('internal', `The call failed: ${says}`)
  }
}

interface ErrorData {
  readonly code?: string
  readonly problem?: unknown
}

function readErrorData(error: unknown): ErrorData {
  const data = isObject(error) ? error['data'] : undefined
  if (!isObject(data)) return {}
  const { code, problem: carried } = data
  if (code !== undefined && typeof code !== 'string') return {}
  return { ...(code === undefined ? {} : { code }), problem: carried }
}

/** A newer side may know problems that we do not: their words are shown under a code that we have. */
function readProblem(carried: unknown): Problem {
  const { code, title, detail, retryAfterMs } = isObject(carried) ? carried : {}
  if (typeof code !== 'string' || typeof title !== 'string' || typeof detail !== 'string')
    return problem('internal', 'The other side answered with a problem that cannot be read.')
  // The title is ours: it belongs to the code, and readers recognise it.
  if (!isKnown(code)) return problem('internal', `${title}: ${detail}`)
  const wait = typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? { retryAfterMs: Math.ceil(retryAfterMs) } : {}
  return { ...problem(code, detail), ...wait }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isKnown(code: string): code is ProblemCode {
  return Object.hasOwn(problemKinds, code)
}
