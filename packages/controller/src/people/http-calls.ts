/**
 * One query or mutation as one HTTP request, as tRPC's `httpLink` sends them: `GET …/runs.list?input={…}`, or a POST with
 * the input as its body. Subscriptions need a line.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { MAX_REQUEST_BYTES, problem, type Problem } from '@fleetmend/shared'
import { errorShape, shapeOfServed } from '@fleetmend/shared/wire/error-shape'
import { callTRPCProcedure, type AnyTRPCRouter } from '@trpc/server'
import type { TRPCErrorShape } from '@trpc/server/rpc'

export interface HttpCall {
  readonly path: string
  readonly type: 'query' | 'mutation'
}

export interface HttpCallParts {
  readonly router: AnyTRPCRouter
  readonly createContext: () => Promise<unknown>
  readonly onError: (path: string, error: unknown) => void
}

/** What is asked for, or null where it is no call. `below`: the path under which procedures stand. */
export function httpCallOf(
  { url = '', method }: Pick<IncomingMessage, 'url' | 'method'>,
  below: string,
): HttpCall | null {
  const { pathname } = new URL(url, 'https://controller.invalid')
  const path = pathname.startsWith(`${below}/`) ? pathname.slice(below.length + 1) : ''
  if (!/^[A-Za-z]+(\.[A-Za-z]+)*$/.test(path)) return null
  if (method === 'GET') return { path, type: 'query' }
  return method === 'POST' ? { path, type: 'mutation' } : null
}

export async function answerHttpCall(
  request: IncomingMessage,
  response: ServerResponse,
  { path, type }: HttpCall,
  { router, createContext, onError }: HttpCallParts,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const input = await inputOf(request, type)
  if (!input.ok) return sendProblem(response, input.problem, input.status)
  try {
    const ctx = await createContext()
    const call = { router, path, type, ctx, signal: gone.signal, batchIndex: 0 }
    const data: unknown = await callTRPCProcedure({ ...call, getRawInput: async () => input.value })
    sendJson(response, 200, { result: { data } })
  } catch (error) {
    const shape = shapeOfServed(router, { path, type, input: input.value }, error)
    if (dataOf(shape).code === 'INTERNAL_SERVER_ERROR') onError(path, error)
    sendShape(response, shape)
  }
}

export function sendProblem(response: ServerResponse, told: Problem, httpStatus: number): void {
  sendShape(response, errorShape(httpStatus === 401 ? 'UNAUTHORIZED' : 'BAD_REQUEST', httpStatus, told))
}

function sendShape(response: ServerResponse, shape: TRPCErrorShape): void {
  const { httpStatus, problem: told } = dataOf(shape)
  const waitMs = told?.retryAfterMs
  if (waitMs !== undefined) response.setHeader('retry-after', Math.ceil(waitMs / 1000))
  sendJson(response, httpStatus ?? 500, { error: shape })
}

interface ShapeData {
  readonly code?: string
  readonly httpStatus?: number
  readonly problem?: Problem
}

/** tRPC leaves open what it is; ours is made in `error-shape.ts`. */
function dataOf({ data }: TRPCErrorShape): ShapeData {
  return data
}

function sendJson(response: ServerResponse, status: number, document: unknown): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': 'application/json', ...bare }).end(JSON.stringify(document))
}

/** Answers are of the moment, and data whatever a browser would like to see in them. */
export const bare = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const

type Input =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: Problem; readonly status: number }

async function inputOf(request: IncomingMessage, type: HttpCall['type']): Promise<Input> {
  if (type === 'query')
    return parsed(new URL(request.url ?? '', 'https://controller.invalid').searchParams.get('input'))
  // Forms of other sites can send anything but this without the browser asking first (Fetch, "CORS-safelisted").
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? 'application/json'))
    return wrong('bad-input', 'The body of a request is JSON: content-type: application/json.', 415)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) return wrong('too-big', `A request has at most ${MAX_REQUEST_BYTES} bytes.`, 413)
    chunks.push(chunk)
  }
  return parsed(bytes === 0 ? null : Buffer.concat(chunks).toString('utf8'))
}

function parsed(text: string | null): Input {
  if (text === null) return { ok: true, value: undefined }
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return wrong('bad-input', 'The input is not JSON.', 400)
  }
}

function wrong(code: 'bad-input' | 'too-big', says: string, status: number): Input {
  return { ok: false, problem: problem(code, says), status }
}
