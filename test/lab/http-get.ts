/** One request from outside, as a customer sends it: what came back, or why nothing did. Never follows, never keeps alive. */
import { request } from 'node:http'

export interface GetOptions {
  readonly limitMs?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Makes it a POST, which nginx sends to one upstream and to no second one. */
  readonly form?: string
}

export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: string
      readonly headers: Readonly<Record<string, unknown>>
      readonly tookMs: number
    }
  /** `why` is `ECONNREFUSED`, `ECONNRESET`, `timed-out`, or `truncated` when the answer broke off in its middle. */
  | { readonly kind: 'lost'; readonly why: string; readonly tookMs: number }

export function get(
  address: string,
  path: string,
  { limitMs = 30_000, headers = {}, form }: GetOptions = {},
): Promise<Answer> {
  const startedMs = performance.now()
  const tookMs = (): number => performance.now() - startedMs
  return new Promise((resolve) => {
    const lost = (why: string): void => resolve({ kind: 'lost', why, tookMs: tookMs() })
    const limit = AbortSignal.timeout(limitMs)
    const asForm = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(form ?? '')),
    }
    const sent = request(
      {
        ...{ host: address, path, agent: false, signal: limit, method: form === undefined ? 'GET' : 'POST' },
        headers: { connection: 'close', ...(form === undefined ? {} : asForm), ...headers },
      },
      (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (text: string) => (body += text))
        response.on('end', () => {
          if (!response.complete) return lost('truncated')
          resolve({
            kind: 'answered',
            status: response.statusCode ?? 0,
            body,
            headers: response.headers,
            tookMs: tookMs(),
          })
        })
        response.on('error', () => lost(limit.aborted ? 'timed-out' : 'truncated'))
      },
    )
    sent.on('error', (error: NodeJS.ErrnoException) =>
      lost(limit.aborted ? 'timed-out' : (error.code ?? error.message)),
    )
    sent.end(form)
  })
}
