/** What a call can cost at least: `ws` over the same TLS, each message an id and a payload that nobody looks into. */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { askAll, type AskAll } from './ask-all.ts'
import type { Asked } from './figures.ts'
import { answerParent } from './part.ts'

export interface RawServed {
  readonly chain: string
  readonly key: string
  readonly authority: string
}

export type RawAsking = {
  readonly port: () => number
  readonly connected: () => number
  readonly fanOut: (asked: AskAll & { readonly what: string }) => Promise<Asked>
  readonly collect: () => void
}

interface Line {
  readonly ws: WebSocket
  readonly waiting: Map<string, () => void>
  lastId: number
}

answerParent(async ({ chain, key, authority }: RawServed): Promise<RawAsking> => {
  const server = createServer({ cert: chain, key, ca: authority, minVersion: 'TLSv1.3', requestCert: true })
  const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false })
  const lines = new Map<string, Line>()
  sockets.on('connection', (ws, request) => {
    const line: Line = { ws, waiting: new Map(), lastId: 0 }
    lines.set((request.url ?? '').slice(1), line)
    ws.on('message', (message: Buffer) => {
      const text = message.toString('utf8')
      const id = text.slice(0, text.indexOf(' '))
      line.waiting.get(id)?.()
      line.waiting.delete(id)
    })
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, resolve))

  const ask = (host: string, what: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const line = lines.get(host)
      if (!line) return reject(new Error(`${host} is not connected.`))
      const id = String(++line.lastId)
      line.waiting.set(id, resolve)
      line.ws.send(`${id} ${what}`)
    })

  return {
    port: () => (server.address() as AddressInfo).port,
    connected: () => lines.size,
    fanOut: ({ what, ...asked }) => askAll(asked, (host) => ask(host, what)),
    collect: () => globalThis.gc?.(),
  }
})
