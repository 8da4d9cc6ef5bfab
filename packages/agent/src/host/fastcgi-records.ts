/** FastCGI records (FastCGI specification 1.0): what one request sends, and what comes back. Pure. */

const version = 1
const beginRequest = 1
const endRequest = 3
const params = 4
const stdin = 5
const stdout = 6
const stderr = 7
const responder = 1
const requestId = 1
const maxContent = 0xffff

/** The bytes of one request without a body: begin, parameters, empty parameters, empty input. */
export function encodeRequest(parameters: Readonly<Record<string, string>>): Buffer {
  const begin = Buffer.from([0, responder, 0, 0, 0, 0, 0, 0])
  const content = Buffer.concat(
    Object.entries(parameters).map(([name, value]) => encodePair(Buffer.from(name), Buffer.from(value))),
  )
  const pieces: Buffer[] = []
  for (let at = 0; at < content.length; at += maxContent)
    pieces.push(record(params, content.subarray(at, at + maxContent)))
  return Buffer.concat([
    record(beginRequest, begin),
    ...pieces,
    record(params, Buffer.alloc(0)),
    record(stdin, Buffer.alloc(0)),
  ])
}

function encodePair(name: Buffer, value: Buffer): Buffer {
  return Buffer.concat([encodeLength(name.length), encodeLength(value.length), name, value])
}

function encodeLength(length: number): Buffer {
  if (length < 128) return Buffer.from([length])
  const four = Buffer.alloc(4)
  four.writeUInt32BE((length | 0x80000000) >>> 0)
  return four
}

function record(type: number, content: Buffer): Buffer {
  const header = Buffer.from([version, type, 0, requestId, content.length >> 8, content.length & 0xff, 0, 0])
  return Buffer.concat([header, content])
}

export interface Answer {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly ended: { readonly appStatus: number; readonly protocolStatus: number } | null
}

export type Decoded = { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly says: string }

/** Decodes what has arrived so far; an incomplete last record is left for the next time. */
export function decodeAnswer(bytes: Buffer): Decoded {
  const out: Buffer[] = []
  const err: Buffer[] = []
  let ended: Answer['ended'] = null
  for (let at = 0; at + 8 <= bytes.length && !ended;) {
    if (bytes[at] !== version)
      return { ok: false, says: `answered with FastCGI version ${bytes[at]}: this is not a FastCGI server` }
    const type = bytes[at + 1]
    const length = bytes.readUInt16BE(at + 4)
    const end = at + 8 + length + (bytes[at + 6] ?? 0)
    if (end > bytes.length) break
    const content = bytes.subarray(at + 8, at + 8 + length)
    if (type === stdout) out.push(content)
    else if (type === stderr) err.push(content)
    else if (type === endRequest && length >= 5)
      ended = { appStatus: content.readUInt32BE(0), protocolStatus: content[4] ?? 0 }
    else return { ok: false, says: `answered with a record of type ${type}` }
    at = end
  }
  return { ok: true, answer: { stdout: Buffer.concat(out), stderr: Buffer.concat(err), ended } }
}

export interface CgiResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** CGI headers, blank line, body. FPM sends no `Status:` for 200 (`fpm_main.c`). */
export function readCgiResponse(out: Buffer): CgiResponse {
  const text = out.toString('latin1')
  const blank = /\r?\n\r?\n/.exec(text)
  const head = blank ? text.slice(0, blank.index) : text
  const headers: Record<string, string> = {}
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const status = Number.parseInt(headers['status'] ?? '200', 10)
  const body = blank ? out.subarray(blank.index + blank[0].length).toString('utf8') : ''
  return { status: Number.isNaN(status) ? 200 : status, headers, body }
}
