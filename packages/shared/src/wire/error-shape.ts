/**
 * What the other side is told of an error: never the message or stack of one that nobody expected, always a problem
 * where there is one.
 */
import {
  getTRPCErrorFromUnknown,
  getTRPCErrorShape,
  type TRPCError,
  type AnyTRPCRouter,
  type TRPC_ERROR_CODE_KEY,
} from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY, type TRPCErrorShape } from '@trpc/server/rpc'
import type { Problem } from '../model/problem.ts'
import { problem, problemKinds } from '../problems.ts'
import { isErrorShape, type RequestFrame } from './frames.ts'
import { describeIssues, issuesOf } from './input-issues.ts'
import { thrownProblem } from './problem-error.ts'

/** As tRPC would shape it, with the problem beside the code. */
export function shapeOfServed(
  router: AnyTRPCRouter,
  request: Pick<RequestFrame, 'path' | 'type' | 'input'>,
  thrown: unknown,
): TRPCErrorShape {
  const error = getTRPCErrorFromUnknown(thrown)
  const carried = thrownProblem(error) ?? inputProblem(error)
  if (error.code === 'INTERNAL_SERVER_ERROR') {
    return errorShape('INTERNAL_SERVER_ERROR', 500, carried ?? unexpected, request.path)
  }
  const shape = formatted(router, request, error)
  // An error formatter that breaks is a bug like any other.
  if (shape === null) return errorShape('INTERNAL_SERVER_ERROR', 500, unexpected, request.path)
  return carried === null ? shape : { ...shape, data: { ...shape.data, problem: carried } }
}

/** For errors that come from the wire itself and not from a procedure. */
export function errorShape(
  code: TRPC_ERROR_CODE_KEY,
  httpStatus: number,
  carried: Problem,
  path?: string,
): TRPCErrorShape {
  return {
    code: TRPC_ERROR_CODES_BY_KEY[code],
    message: carried.detail,
    data: { code, httpStatus, ...(path === undefined ? {} : { path }), problem: carried },
  }
}

export function tooBig(says: string, path: string): TRPCErrorShape {
  return errorShape('PAYLOAD_TOO_LARGE', 413, problem('too-big', says), path)
}

export function busy(says: string, path: string): TRPCErrorShape {
  return errorShape('TOO_MANY_REQUESTS', 429, problem('unreachable', says), path)
}

export function noSuchCall(path: string): TRPCErrorShape {
  return errorShape('NOT_FOUND', 404, problem('not-offered', 'Cannot answer: this side serves no calls.'), path)
}

const unexpected = problem(
  'internal',
  `${problemKinds.internal.title}. What exactly is in the log of the side that was called. This is a bug.`,
)

function formatted(
  router: AnyTRPCRouter,
  request: Pick<RequestFrame, 'path' | 'type' | 'input'>,
  error: TRPCError,
): TRPCErrorShape | null {
  try {
    // `isDev` would add the stack; it depends on the environment, which must not decide this.
    const config = { ...router._def._config, isDev: false }
    const shape: unknown = getTRPCErrorShape({ config, error, ...request, ctx: undefined })
    return isErrorShape(shape) ? shape : null
  } catch {
    return null
  }
}

/** An input that a schema refused: the caller gets the fields and the rules, not zod's JSON. */
function inputProblem(error: TRPCError): Problem | null {
  const issues = error.code === 'BAD_REQUEST' ? issuesOf(error.cause) : null
  return issues === null ? null : problem('bad-input', describeIssues(issues))
}
