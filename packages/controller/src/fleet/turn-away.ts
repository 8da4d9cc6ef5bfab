/** Says no to an HTTP request that wanted to become a line, in a form that agents and people's programs read: a problem. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem, ProblemDocument } from '@fleetmend/shared'

export function turnAway(socket: Duplex, told: Problem): void {
  const document: ProblemDocument = { format: 'fleetmend.problem/1', problem: told }
  const body = `${JSON.stringify(document)}\n`
  const status = statusOf(told)
  const wait = told.retryAfterMs === undefined ? [] : [`Retry-After: ${Math.ceil(told.retryAfterMs / 1000)}`]
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close', 'Content-Type: application/json']
  socket.end(`${[...head, ...wait].join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** Programs read the code of the problem; this is for whatever stands between. */
export function statusOf({ code }: Problem): number {
  return statuses[code] ?? 401
}

const statuses: Partial<Record<Problem['code'], number>> = {
  'bad-input': 404,
  'other-site': 403,
  'too-many-attempts': 429,
  'too-many-requests': 429,
  busy: 503,
}
