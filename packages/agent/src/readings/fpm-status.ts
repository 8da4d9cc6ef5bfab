/** FPM's status page in JSON (`?json&full`), with its field names made speakable. */
import { isJsonObject, jsonObject } from './json-object.ts'

export interface FpmStatusProcess {
  readonly pid: number
  readonly state: string
  readonly requests: number
  readonly requestDurationUs: number
  readonly requestMethod: string
  readonly requestUri: string
  readonly lastRequestMemoryBytes: number
}

export interface FpmStatus {
  readonly pool: string
  readonly processManager: string
  /** Unix seconds; reset by every reload, so it tells the age of the loaded configuration. */
  readonly startTimeS: number
  readonly accepted: number
  readonly idle: number
  readonly active: number
  readonly total: number
  readonly maxChildrenReached: number
  readonly slowRequests: number
  readonly processes: readonly FpmStatusProcess[]
}

export type FpmStatusReading =
  | { readonly ok: true; readonly value: FpmStatus }
  | { readonly ok: false; readonly says: string }

/** Before 8.4 `script` and `user` are not escaped, so a request can break the document; then it is not understood. */
export function readFpmStatus(body: string): FpmStatusReading {
  const page = jsonObject(body)
  if (!page) return { ok: false, says: 'the status page is not JSON' }
  if (typeof page['pool'] !== 'string' || typeof page['total processes'] !== 'number')
    return { ok: false, says: 'this is not a status page of PHP-FPM' }
  const processes = Array.isArray(page['processes']) ? page['processes'].filter(isJsonObject) : []
  return {
    ok: true,
    value: {
      pool: page['pool'],
      processManager: words(page['process manager']),
      startTimeS: count(page['start time']),
      accepted: count(page['accepted conn']),
      idle: count(page['idle processes']),
      active: count(page['active processes']),
      total: count(page['total processes']),
      maxChildrenReached: count(page['max children reached']),
      slowRequests: count(page['slow requests']),
      processes: processes.map((each) => ({
        pid: count(each['pid']),
        state: words(each['state']),
        requests: count(each['requests']),
        requestDurationUs: count(each['request duration']),
        requestMethod: words(each['request method']),
        requestUri: words(each['request uri']),
        lastRequestMemoryBytes: count(each['last request memory']),
      })),
    },
  }
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
