/**
 * The frames on a channel: those of tRPC's WebSocket RPC, so that a stock tRPC client is understood, read strictly. A
 * frame with a `method` is a request, any other a response; that is how both ends can serve on one channel.
 */
import type { TRPCErrorShape } from '@trpc/server/rpc'

export const PING = 'PING'
export const PONG = 'PONG'

export type CallType = 'query' | 'mutation' | 'subscription'
/** Our own are numbers; whoever relays frames may prefix them. */
export type CallId = number | string

export interface RequestFrame {
  readonly kind: 'request'
  readonly id: CallId
  readonly type: CallType
  readonly path: string
  readonly input: unknown
}

export type Frame =
  | RequestFrame
  /** Cancels any call; stock tRPC sends it for subscriptions only. */
  | { readonly kind: 'stop'; readonly id: CallId }
  | { readonly kind: 'result'; readonly id: CallId; readonly result: ResultBody }
  | { readonly kind: 'error'; readonly id: CallId; readonly error: TRPCErrorShape }
  /** The other side leaves and says why: an error that answers no call. */
  | { readonly kind: 'goodbye'; readonly error: TRPCErrorShape }

export type ResultBody =
  | { readonly type: 'started' }
  | { readonly type: 'stopped' }
  | { readonly type: 'data'; readonly data: unknown; readonly id?: string }

export type FramesRead =
  | { readonly ok: true; readonly value: readonly Frame[] }
  | { readonly ok: false; readonly says: string }

/** A stock client puts the calls of one turn into one array. */
export function readFrames(text: string): FramesRead {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { ok: false, says: 'a frame is not JSON' }
  }
  if (!Array.isArray(json)) {
    const frame = readFrame(json)
    return typeof frame === 'string' ? { ok: false, says: frame } : { ok: true, value: [frame] }
  }
  const value: Frame[] = []
  for (const item of json) {
    const frame = readFrame(item)
    if (typeof frame === 'string') return { ok: false, says: frame }
    value.push(frame)
  }
  return value.length === 0 ? { ok: false, says: 'a batch is empty' } : { ok: true, value }
}

export function requestFrame(id: CallId, type: CallType, path: string, input: unknown): string {
  return JSON.stringify({ id, method: type, params: { path, input } })
}

export function stopFrame(id: CallId): string {
  return JSON.stringify({ id, method: 'subscription.stop' })
}

export function resultFrame(id: CallId, result: ResultBody): string {
  return JSON.stringify({ id, result })
}

/** With `null` for the id it is the goodbye of who closes. */
export function errorFrame(id: CallId | null, error: TRPCErrorShape): string {
  return JSON.stringify({ id, error })
}

/** Three bytes of UTF-8 at most for each unit of a JavaScript string: most frames need no second look. */
export function fitsFrame(text: string, maxFrameBytes: number): boolean {
  return text.length * 3 <= maxFrameBytes || Buffer.byteLength(text) <= maxFrameBytes
}

/** Longer ids and paths than any of ours are somebody's mistake, and would be carried along with every answer. */
const MAX_NAME_LENGTH = 512

/** A frame, or a clause that says what is wrong with it. */
function readFrame(json: unknown): Frame | string {
  if (!isObject(json)) return 'a frame is not an object'
  const jsonrpc = json['jsonrpc']
  if (jsonrpc !== undefined && jsonrpc !== '2.0') return 'a frame is of another JSON-RPC version'
  return 'method' in json ? readRequest(json) : readResponse(json)
}

function readRequest(json: Record<string, unknown>): Frame | string {
  const { id, method, params } = json
  if ('result' in json || 'error' in json) return 'a frame is both a request and a response'
  if (!isCallId(id)) return 'a request has no usable id'
  if (method === 'subscription.stop') return { kind: 'stop', id }
  if (!isCallType(method)) return 'a request has an unknown method'
  if (!isObject(params)) return 'a request has no params'
  const { path, input, lastEventId } = params
  if (typeof path !== 'string' || path.length > MAX_NAME_LENGTH) return 'a request has no usable path'
  if (lastEventId === undefined) return { kind: 'request', id, type: method, path, input }
  if (typeof lastEventId !== 'string') return 'the last event id of a request is not a string'
  return { kind: 'request', id, type: method, path, input: withLastEventId(input, lastEventId) }
}

/** A stock client that resumes puts the last event beside its input; procedures look for it inside (as in tRPC's handler). */
function withLastEventId(input: unknown, lastEventId: string): unknown {
  if (isObject(input)) return { ...input, lastEventId }
  return input ?? { lastEventId }
}

function readResponse(json: Record<string, unknown>): Frame | string {
  const { id, result, error } = json
  if ('error' in json) {
    if ('result' in json) return 'a response has both a result and an error'
    if (!isErrorShape(error)) return 'a response has an unreadable error'
    if (id === null) return { kind: 'goodbye', error }
    return isCallId(id) ? { kind: 'error', id, error } : 'a response has no usable id'
  }
  if (!isObject(result)) return 'a frame is neither a request nor a response'
  if (!isCallId(id)) return 'a response has no usable id'
  const body = readResult(result)
  return typeof body === 'string' ? body : { kind: 'result', id, result: body }
}

function readResult(result: Record<string, unknown>): ResultBody | string {
  const { type = 'data', data, id } = result
  if (type === 'started' || type === 'stopped') return { type }
  if (type !== 'data') return 'a result has an unknown type'
  if (id === undefined) return { type, data }
  return typeof id === 'string' ? { type, data, id } : 'the event id of a result is not a string'
}

function isCallType(method: unknown): method is CallType {
  return method === 'query' || method === 'mutation' || method === 'subscription'
}

function isCallId(id: unknown): id is CallId {
  return typeof id === 'string' ? id.length <= MAX_NAME_LENGTH : Number.isSafeInteger(id)
}

export function isErrorShape(error: unknown): error is TRPCErrorShape {
  return isObject(error) && typeof error['code'] === 'number' && typeof error['message'] === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
