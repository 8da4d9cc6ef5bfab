/**
 * Where agents dial in: TLS 1.3, WebSockets only. A host that has no certificate yet may enrol and nothing else, one whose
 * certificate ran out may renew it and nothing else; every other one is who its certificate says it is, as long as it is
 * one of the fleet.
 */
import { constants } from 'node:crypto'
import { createServer, type ServerOptions as HttpsOptions } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import {
  AGENT_PATH,
  CLOSE_GRACE_MS,
  ENROL_PATH,
  MAX_FRAME_BYTES,
  problem,
  RENEW_PATH,
  type Problem,
} from '@fleetmend/shared'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'
import type { CertificateAuthority } from '../identity/certificate-authority.ts'
import { hostIdentity, type KnownPeer } from '../identity/host-identity.ts'
import type { Clock } from '../runs/clock.ts'
import { openDoors } from './open-doors.ts'
import { places } from './places.ts'
import { turnAway } from './turn-away.ts'
import { waitingLine } from './waiting-line.ts'

export interface KnownHost extends KnownPeer {
  /** Of its certificate. */
  readonly untilMs: number
}

export interface AgentsListener {
  readonly port: number
  close(): Promise<void>
}

export interface ListenFor {
  readonly authority: CertificateAuthority
  /** DNS names and addresses by which agents may know this controller. */
  readonly names: readonly string[]
  readonly host: string
  readonly port: number
  readonly clock: Clock
  /** How long a certificate may have run out and still be renewed. */
  readonly renewalGraceMs: number
  /** Why a host with a good certificate is not let in now; null: it is. */
  readonly whyNot: (known: KnownPeer) => Promise<Problem | null>
  /** Why nobody may try to enrol from this address now; null: they may. */
  readonly whyNotEnrol: (address: string) => Problem | null
  enrolling(ws: WebSocket, socket: TLSSocket): void
  renewing(ws: WebSocket, socket: TLSSocket, known: KnownHost): void
  arrived(ws: WebSocket, socket: TLSSocket, known: KnownHost): void
  refused(told: Problem, path: string, address: string): void
  onBug(error: unknown): void
}

/** Everybody who reaches the port may try to enrol; that must not keep those who belong here out. */
const newcomerPlaces = { total: 32, perNetwork: 8 }
/** An enrolment has some two kilobytes. */
const newcomersFrameBytes = 32 * 1024
/**
 * Connections that are not lines yet, at some 70 KB each, and those that wait until they may begin, at some 4 KB: a core does
 * under a thousand handshakes a second, and ten thousand hosts behind one address come back within one.
 */
const beginning = {
  places: { total: 1024, perNetwork: 256 },
  waiting: { total: 16_384, perNetwork: 12_288 },
}
/** For the TLS handshake, and again for the head of the request. */
const handshakeMs = 10_000
const maxHeadBytes = 8 * 1024
const renewServerBeforeMs = 30 * 24 * 60 * 60_000
const renewServerEveryMs = 60 * 60_000

export async function listenForAgents(parts: ListenFor): Promise<AgentsListener> {
  const { authority } = parts
  const certificate = await serverCertificate(parts)
  const server = createServer({
    ...certificate.settings(),
    minVersion: 'TLSv1.3',
    requestCert: true,
    // Those who come to enrol have no certificate; who needs one is judged below.
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
    // Nobody comes back with one: a line lasts longer than a ticket is good for, and each costs a part of the handshake.
    secureOptions: constants.SSL_OP_NO_TICKET,
    maxHeaderSize: maxHeadBytes,
  })
  // Lines that are open stay as they are; whoever connects from then on sees the new one.
  const renew = async (): Promise<void> => {
    try {
      if (await certificate.renewed()) server.setSecureContext(certificate.settings())
    } catch (error) {
      parts.onBug(error)
    }
  }
  authority.onChange(() => void renew())
  const closing = new AbortController()
  const renewing = (async () => {
    while (!closing.signal.aborted) {
      await parts.clock.sleep(renewServerEveryMs, closing.signal)
      await renew()
    }
  })()

  const forMembers = webSockets(MAX_FRAME_BYTES)
  const forNewcomers = webSockets(newcomersFrameBytes)
  const line = waitingLine(beginning)
  const newcomers = places(newcomerPlaces)
  const sockets = new Map<string, { readonly socket: Socket; readonly leave: () => void }>()
  server.on('request', (_, response) =>
    response.writeHead(426, { connection: 'close' }).end('This port is for agents.\n'),
  )
  // Nothing is read from a connection that waits for its place.
  const connected = (socket: Socket): void => {
    const name = nameOf(socket)
    let limit: NodeJS.Timeout | null = null
    const enter = (): void => {
      // Also of those who never send the head of their request.
      limit = setTimeout(() => socket.destroy(), 2 * handshakeMs)
      server.emit('connection', socket)
    }
    const leave = (): void => {
      line.leave(socket)
      if (limit) clearTimeout(limit)
    }
    sockets.set(name, { socket, leave })
    socket.on('error', destroyThis)
    socket.on('close', () => {
      leave()
      sockets.delete(name)
    })
    if (!line.queue(socket, socket.remoteAddress ?? '', enter)) socket.destroy()
  }

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', destroyThis)
    void (async () => {
      if (!(socket instanceof TLSSocket)) return socket.destroy()
      const path = request.url ?? ''
      const address = socket.remoteAddress ?? ''
      const no = (told: Problem): void => {
        parts.refused(told, path, address)
        turnAway(socket, told)
      }
      /** From here on it is a line, with limits of its own. */
      const yes = (by: WebSocketServer, then: (ws: WebSocket) => void): void => {
        sockets.get(nameOf(socket))?.leave()
        by.handleUpgrade(request, socket, head, then)
      }
      if (path !== ENROL_PATH && path !== RENEW_PATH && path !== AGENT_PATH)
        return no(problem('bad-input', 'There is nothing here but the lines of agents.'))
      if (path === ENROL_PATH) {
        const why = parts.whyNotEnrol(address)
        if (why) return no(why)
        if (!newcomers.take(socket, address))
          return no(problem('busy', 'Too many hosts are enrolling at this moment. Try again later.'))
        socket.on('close', () => newcomers.leave(socket))
        return yes(forNewcomers, (ws) => parts.enrolling(ws, socket))
      }
      const known = await whoIs(socket, path === RENEW_PATH ? parts.renewalGraceMs : 0, parts)
      if (!known.ok) return no(known.problem)
      if (socket.destroyed) return
      if (path === RENEW_PATH) yes(forNewcomers, (ws) => parts.renewing(ws, socket, known.value))
      else yes(forMembers, (ws) => parts.arrived(ws, socket, known.value))
    })().catch((error: unknown) => {
      parts.onBug(error)
      socket.destroy()
    })
  })

  const doors = await openDoors({ host: parts.host, port: parts.port, connected })
  return {
    port: doors.port,
    async close() {
      closing.abort()
      await renewing
      const closed = doors.close()
      for (const { socket } of sockets.values()) socket.destroy()
      await closed
    },
  }
}

type Judged = { readonly ok: true; readonly value: KnownHost } | { readonly ok: false; readonly problem: Problem }

/** The host at the other end, or why it is not let in. Judged each time: a resumed TLS session was checked when it was new. */
async function whoIs(socket: TLSSocket, graceMs: number, { authority, clock, whyNot }: ListenFor): Promise<Judged> {
  const certificate = socket.getPeerX509Certificate()
  const identified = hostIdentity(certificate, authority, { nowMs: clock.nowMs(), graceMs })
  if (!identified.ok) return identified
  const why = await whyNot(identified.value)
  if (why) return { ok: false, problem: why }
  if (!certificate) throw new Error('A host was known by no certificate.')
  return { ok: true, value: { ...identified.value, untilMs: Date.parse(certificate.validTo) } }
}

/** As a listener, it keeps nothing else alive for as long as the line lasts. */
function destroyThis(this: Duplex): void {
  this.destroy()
}

type SecureSettings = Pick<HttpsOptions, 'cert' | 'key' | 'ca' | 'minVersion'>

interface ServedCertificate {
  settings(): SecureSettings
  /** True: there is another one now, because it was time or because the authority changed. */
  renewed(): Promise<boolean>
}

async function serverCertificate({ authority, names, clock }: ListenFor): Promise<ServedCertificate> {
  const issue = async () => ({
    by: authority.fingerprint,
    count: authority.trusted.length,
    ...(await authority.issueServerCertificate(names, clock.nowMs())),
  })
  let issued = await issue()
  return {
    settings: () => ({
      cert: issued.chain,
      key: issued.key,
      ca: authority.trusted.map(({ certificate }) => certificate),
      minVersion: 'TLSv1.3',
    }),
    async renewed() {
      // Of an authority that ends itself there is none that is good for longer.
      const isGood =
        issued.expiresMs - clock.nowMs() > renewServerBeforeMs || issued.expiresMs === authority.now.expiresMs
      if (isGood && issued.by === authority.fingerprint && issued.count === authority.trusted.length) return false
      issued = await issue()
      return true
    },
  }
}

function webSockets(maxPayload: number): WebSocketServer {
  const settings: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    maxPayload,
    clientTracking: false,
    closeTimeout: CLOSE_GRACE_MS,
  }
  return new WebSocketServer(settings)
}

/** The same for a connection and for the TLS that is spoken over it. */
function nameOf({ remoteAddress, remotePort }: Pick<TLSSocket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`
}
