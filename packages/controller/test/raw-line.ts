/** For tests: a WebSocket over which whatever comes to mind can be sent, and the problem with which it was ended. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'

export interface RawLine {
  isOpen(): boolean
  send(message: string | Uint8Array): void
  close(): void
  /** The codes of problems with which single calls were answered. */
  readonly refusals: ReadonlySet<string>
  /** The code that it was told when it was ended; `closed`: it was not told any. */
  readonly told: Promise<string>
}

export interface RawLineTo {
  readonly url: string
  readonly authority: string
  readonly client?: { readonly key: string; readonly certificate: string }
  readonly headers?: Readonly<Record<string, string>>
}

export async function openRawLine({ url, authority, client, headers = {} }: RawLineTo): Promise<RawLine> {
  const shown = client ? { key: client.key, cert: client.certificate } : {}
  const ws = new WebSocket(url, { ca: authority, ...shown, headers })
  const line = rawLine(ws)
  await once(ws, 'open')
  return line
}

/** The other end of one: of somebody who dials a server of the test. */
export function takeRawLine(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<RawLine> {
  const server = new WebSocketServer({ noServer: true })
  return new Promise((resolve) => server.handleUpgrade(request, socket, head, (ws) => resolve(rawLine(ws))))
}

/** In the turn in which it was made: what is said first is heard, too. */
function rawLine(ws: WebSocket): RawLine {
  const refusals = new Set<string>()
  let code = 'closed'
  ws.on('error', () => undefined)
  ws.on('message', (message: Buffer) => {
    // An error without an id ends a connection.
    const said = /^\{"id":null,"error".*"problem":\{"code":"([a-z-]+)"/.exec(message.toString())
    code = said?.[1] ?? code
    const refused = /^\{"id":[^n].*"problem":\{"code":"([a-z-]+)"/.exec(message.toString())
    if (refused?.[1]) refusals.add(refused[1])
  })
  return {
    isOpen: () => ws.readyState === WebSocket.OPEN,
    send: (message) => ws.send(message),
    close: () => ws.close(),
    refusals,
    told: once(ws, 'close').then(() => code),
  }
}
