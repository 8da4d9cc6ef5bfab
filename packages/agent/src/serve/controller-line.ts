/** A connection to the controller: TLS 1.3 with the pinned authority, a WebSocket, and a `Peer` over it. */
import type { Socket } from 'node:net'
import type { Problem } from '@fleetmend/shared'
import { problem, problemKinds, type ProblemCode } from '@fleetmend/shared/problems'
import { CLOSE_GRACE_MS, MAX_FRAME_BYTES } from '@fleetmend/shared/wire/channel'
import { Peer, type PeerOptions } from '@fleetmend/shared/wire/peer'
import { webSocketChannel } from '@fleetmend/shared/wire/web-socket-channel'
import { WebSocket, type ClientOptions } from 'ws'

export interface LineTo {
  readonly url: string
  /** PEM; the only authority that is trusted. */
  readonly authority: string
  /** Missing: the controller does not know this host yet. */
  readonly client?: { readonly key: string; readonly certificate: string }
}

export type LineOpened =
  | { readonly kind: 'open'; readonly peer: Peer }
  /** The controller is there and does not take this connection. */
  | { readonly kind: 'turned-away'; readonly problem: Problem }
  /** Somebody else is there, whose certificate is not by the authority that is trusted, or for another name. */
  | { readonly kind: 'not-the-controller'; readonly says: string }
  | { readonly kind: 'not-reached'; readonly says: string }

/** A controller to which a whole fleet comes back lets in one host after the other. */
const handshakeLimitMs = 60_000

/** What a problem says is for people to read, and nobody reads more. */
const maxDetail = 2000

export function openLine(
  { url, authority, client }: LineTo,
  options: PeerOptions,
  signal?: AbortSignal,
): Promise<LineOpened> {
  return new Promise((resolve) => {
    const settings: ClientOptions & { readonly closeTimeout: number } = {
      ca: authority,
      // An authority may be one that stands below another; it alone is trusted all the same.
      allowPartialTrustChain: true,
      minVersion: 'TLSv1.3',
      ...(client ? { key: client.key, cert: client.certificate } : {}),
      perMessageDeflate: false,
      // Zeros, which change nothing and cost nothing. Masks keep proxies that read along from being misled (RFC 6455, section
      // 10.3), and nobody reads along here; without a compiler each byte that is masked is felt (bench/reach.ts).
      generateMask: (mask) => void mask.fill(0),
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: handshakeLimitMs,
      closeTimeout: CLOSE_GRACE_MS,
      followRedirects: false,
    }
    const ws = new WebSocket(url, settings)
    let socket: Socket | undefined
    const giveUp = (): void => ws.terminate()
    signal?.addEventListener('abort', giveUp, { once: true })
    const done = (opened: LineOpened): void => {
      signal?.removeEventListener('abort', giveUp)
      resolve(opened)
    }
    ws.on('upgrade', (response) => (socket = response.socket))
    // In this very turn: frames that arrive before anybody listens would be lost.
    ws.on('open', () => {
      const peer = new Peer(webSocketChannel(ws, socket ? { socket } : {}), options)
      done({ kind: 'open', peer })
    })
    ws.on('unexpected-response', (request, response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.length < 16 && chunks.push(chunk))
      response.on('close', () => {
        const problem = problemIn(Buffer.concat(chunks).toString('utf8'), response.statusCode ?? 0)
        done({ kind: 'turned-away', problem })
      })
      response.on('end', () => request.destroy())
    })
    ws.on('error', (error) => done(failed(error)))
    ws.on('close', () => done({ kind: 'not-reached', says: 'the connection was closed' }))
  })
}

/** As the controller's listener turns away; what stands between the two may answer with anything. */
function problemIn(body: string, status: number): Problem {
  const { code, detail } = carriedBy(body)
  if (typeof code === 'string' && typeof detail === 'string' && Object.hasOwn(problemKinds, code))
    return problem(code as ProblemCode, detail.slice(0, maxDetail))
  return problem('busy', `It answered with HTTP status ${status}: ${body.slice(0, maxDetail).trim()}`)
}

function carriedBy(body: string): { readonly code?: unknown; readonly detail?: unknown } {
  try {
    const { problem: carried } = JSON.parse(body) as { readonly problem?: object }
    return carried ?? {}
  } catch {
    return {}
  }
}

/** OpenSSL's names for what a certificate can be refused for (x509_txt.c), and Node's own for the name in it. */
const ofCertificate =
  /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_|ERR_TLS_CERT_)/
/** It is the right one, and only the time is wrong: here or there. */
const ofTime = /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/

function failed(error: Error): Exclude<LineOpened, { kind: 'open' | 'turned-away' }> {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (ofTime.test(code)) return { kind: 'not-reached', says: `${error.message}; compare the clocks of the two` }
  return { kind: ofCertificate.test(code) ? 'not-the-controller' : 'not-reached', says: error.message }
}
