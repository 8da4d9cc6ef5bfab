/**
 * Where people and automation ask: HTTPS for one question at a time, a WebSocket for those that follow what happens. TLS
 * 1.3 and no certificates of clients; who they are is said by a token, and judged before anything else is.
 */
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import {
  API_PATH,
  AUTHORITIES_HEADER,
  CLOSE_GRACE_MS,
  MAX_REQUEST_BYTES,
  Peer,
  peopleLimits,
  problem,
  problemError,
  webSocketChannel,
  type Problem,
} from '@fleetmend/shared'
import type { AnyTRPCRouter } from '@trpc/server'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'
import type { Answer } from '../api/controller-service.ts'
import { places } from '../fleet/places.ts'
import { turnAway } from '../fleet/turn-away.ts'
import type { Clock } from '../runs/clock.ts'
import type { ApiCertificate } from './api-certificate.ts'
import type { Caller } from './caller.ts'
import { answerHttp, nothingHere, pathOf } from './answer-http.ts'
import { peopleLines } from './people-lines.ts'
import type { People } from './people.ts'
import { signIn, type Asking } from './sign-in.ts'
import { tokenBuckets } from './token-buckets.ts'

export interface PeopleListenerParts {
  readonly host: string
  readonly port: number
  readonly certificate: ApiCertificate
  readonly people: People
  readonly clock: Clock
  readonly router: AnyTRPCRouter
  readonly contextOf: (caller: Caller) => unknown
  readonly isOurs: (origin: string) => boolean
  /** Somebody who was not let in, for the record; null: nobody knows who it is. */
  readonly refused: (told: Problem, path: string, name: string | null) => void
  readonly onBug: (path: string, error: unknown) => void
}

export interface PeopleListener {
  readonly port: number
  close(): Promise<void>
}

/** What one person or robot may ask, over however many connections and tokens: a fleet's screen asks a few times a second. */
const callsOfOne = { burst: 120, perSecond: 20 }
const linesOfOne = 16
const handshakeMs = 10_000
const requestMs = 30_000
const keepAliveMs = 15_000
const maxHeadBytes = 16 * 1024
const connectionLimits = { total: 1024, perNetwork: 128 }
const lookForCertificateMs = 60 * 60_000

export async function listenForPeople(parts: PeopleListenerParts): Promise<PeopleListener> {
  const { certificate, people, clock, router, contextOf, refused, onBug } = parts
  const judge = signIn({ people, clock, isOurs: parts.isOurs })
  const asked = tokenBuckets(callsOfOne, () => clock.nowMs())
  const lines = peopleLines(people, clock, linesOfOne)

  const server = createServer({
    ...certificate.settings(),
    minVersion: 'TLSv1.3',
    handshakeTimeout: handshakeMs,
    headersTimeout: handshakeMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: maxHeadBytes,
  })
  const renew = (): void =>
    void certificate.renewed().then((changed) => {
      if (changed) server.setSecureContext({ ...certificate.settings(), minVersion: 'TLSv1.3' })
    })
  certificate.onChange(renew)
  const looking = setInterval(renew, lookForCertificateMs)
  looking.unref()

  const connections = places(connectionLimits)
  const sockets = new Set<Duplex>()
  server.on('connection', (socket) => {
    if (!connections.take(socket, socket.remoteAddress ?? '')) return void socket.destroy()
    sockets.add(socket)
    socket.on('close', () => {
      connections.leave(socket)
      sockets.delete(socket)
    })
  })

  /** Before every call, over whatever it comes. */
  async function contextFor(caller: Caller): Promise<unknown> {
    const waitMs = asked.take(caller.name ?? '')
    if (waitMs > 0) throw problemError(tooMany(waitMs))
    const over = await people.whyOver(caller)
    if (over) throw problemError(over)
    return contextOf(caller)
  }

  async function whoAsks(request: IncomingMessage, wants: Asking['wants']): Promise<Answer<Caller>> {
    const known = await judge({ headers: request.headers, address: request.socket.remoteAddress ?? '', wants })
    if (!known.ok) refused(known.problem, pathOf(request), known.name)
    return known
  }

  const answer = answerHttp({ people, clock, router, whoAsks, contextFor, onBug })
  const webSockets = new WebSocketServer(settings)
  webSockets.on('headers', (headers) => {
    const authorities = certificate.authorities().map((pem) => new X509Certificate(pem).raw.toString('base64'))
    if (authorities.length > 0) headers.push(`${AUTHORITIES_HEADER}: ${authorities.join(',')}`)
  })
  server.on('request', (request, response) => {
    response.on('error', () => undefined)
    void answer(request, response).catch((error: unknown) => {
      // Whoever hung up while sending is no bug of ours.
      if (!request.destroyed) onBug(pathOf(request), error)
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    void (async () => {
      if (!(socket instanceof TLSSocket)) return void socket.destroy()
      if (pathOf(request) !== API_PATH) return turnAway(socket, nothingHere(pathOf(request)))
      const caller = await whoAsks(request, 'a-line')
      if (!caller.ok) return turnAway(socket, caller.problem)
      if (!lines.hasRoom(caller.value)) return turnAway(socket, tooManyLines)
      if (socket.destroyed) return
      webSockets.handleUpgrade(request, socket, head, (ws) => serve(ws, socket, caller.value))
    })().catch((error: unknown) => {
      onBug(pathOf(request), error)
      socket.destroy()
    })
  })

  function serve(ws: WebSocket, socket: TLSSocket, caller: Caller): void {
    const peer = new Peer(webSocketChannel(ws, { socket }), {
      router,
      createContext: () => contextFor(caller),
      limits: peopleLimits,
      onError: ({ path, error }) => onBug(path, error),
    })
    lines.add(peer, caller)
  }

  await listen(server, parts)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        clearInterval(looking)
        lines.close()
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

const settings: ServerOptions & { readonly closeTimeout: number } = {
  noServer: true,
  perMessageDeflate: false,
  maxPayload: MAX_REQUEST_BYTES,
  clientTracking: false,
  closeTimeout: CLOSE_GRACE_MS,
}

function tooMany(waitMs: number): Problem {
  const { burst, perSecond } = callsOfOne
  const says = `You asked ${burst} times at once and more than ${perSecond} times a second after that, which leaves others waiting. This call was not carried out; the next one is in ${waitMs} ms.`
  return { ...problem('too-many-requests', says), retryAfterMs: Math.ceil(waitMs) }
}

const tooManyLines = problem(
  'too-many-requests',
  `You have ${linesOfOne} connections open already. Close those that are not needed; each is closed by itself when nothing is asked on it for a quarter of an hour.`,
)

function listen(server: Server, { host, port }: Pick<PeopleListenerParts, 'host' | 'port'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  })
}
