/** A connection to the controller: TLS 1.3 with the pinned authority, a WebSocket, and a `Peer` over it. */
import type { Socket } from 'node:net'
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
  /** The controller is there and does not want this host. */
  | { readonly kind: 'turned-away'; readonly status: number; readonly says: string }
  | { readonly kind: 'not-reached'; readonly says: string }

const handshakeLimitMs = 15_000

export function openLine(
  { url, authority, client }: LineTo,
  options: PeerOptions,
  signal?: AbortSignal,
): Promise<LineOpened> {
  return new Promise((resolve) => {
    const settings: ClientOptions & { readonly closeTimeout: number } = {
      ca: authority,
      minVersion: 'TLSv1.3',
      ...(client ? { key: client.key, cert: client.certificate } : {}),
      perMessageDeflate: false,
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
        const says = Buffer.concat(chunks).toString('utf8').slice(0, 2000).trim()
        done({ kind: 'turned-away', status: response.statusCode ?? 0, says })
      })
      response.on('end', () => request.destroy())
    })
    ws.on('error', (error) => done({ kind: 'not-reached', says: error.message }))
    ws.on('close', () => done({ kind: 'not-reached', says: 'the connection was closed' }))
  })
}
