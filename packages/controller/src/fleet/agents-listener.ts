/**
 * Where agents dial in: TLS 1.3, WebSockets only. A host that has no certificate yet may enrol and nothing else; every other
 * one is who its certificate says it is, as long as it is one of the fleet.
 */
import type { X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { AGENT_PATH, CLOSE_GRACE_MS, ENROL_PATH, MAX_FRAME_BYTES, type HostId } from '@fleetmend/shared'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'
import type { CertificateAuthority } from '../identity/certificate-authority.ts'
import { hostIdentity } from '../identity/host-identity.ts'

export interface KnownHost {
  readonly host: HostId
  readonly certificate: X509Certificate
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
  readonly nowMs: () => number
  /** Whether a host with this certificate is one of the fleet, now. */
  readonly isAdmitted: (known: KnownHost) => Promise<boolean>
  enrolling(ws: WebSocket, socket: TLSSocket): void
  arrived(ws: WebSocket, socket: TLSSocket, known: KnownHost): void
}

/** Everybody who reaches the port may try to enrol; that must not keep those who belong here out. */
const enrollingAtOnce = 32
/** A fleet that comes back all at once. */
const backlog = 4096
const renewServerBeforeMs = 30 * 24 * 60 * 60_000
const renewServerEveryMs = 24 * 60 * 60_000

export async function listenForAgents(parts: ListenFor): Promise<AgentsListener> {
  const { authority, names } = parts
  let issued = await authority.issueServerCertificate(names, parts.nowMs())
  const server = createServer({
    cert: issued.chain,
    key: issued.key,
    ca: authority.certificate,
    minVersion: 'TLSv1.3',
    requestCert: true,
    // Those who come to enrol have no certificate; who needs one is checked below.
    rejectUnauthorized: false,
  })
  const renewing = setInterval(() => {
    if (issued.expiresMs - parts.nowMs() > renewServerBeforeMs) return
    void authority.issueServerCertificate(names, parts.nowMs()).then((next) => {
      issued = next
      server.setSecureContext({ cert: next.chain, key: next.key, ca: authority.certificate, minVersion: 'TLSv1.3' })
    })
  }, renewServerEveryMs)
  renewing.unref()

  const settings: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    clientTracking: false,
    closeTimeout: CLOSE_GRACE_MS,
  }
  const webSockets = new WebSocketServer(settings)
  const sockets = new Set<Duplex>()
  let enrolling = 0
  server.on('request', (_, response) =>
    response.writeHead(426, { connection: 'close' }).end('This port is for agents.\n'),
  )
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    void (async () => {
      if (!(socket instanceof TLSSocket)) return turnAway(socket, 400, 'This port speaks TLS.')
      if (request.url === ENROL_PATH) {
        if (enrolling >= enrollingAtOnce) return turnAway(socket, 503, 'Too many hosts are enrolling. Try again later.')
        enrolling++
        socket.on('close', () => enrolling--)
        return webSockets.handleUpgrade(request, socket, head, (ws) => parts.enrolling(ws, socket))
      }
      if (request.url !== AGENT_PATH) return turnAway(socket, 404, 'There is nothing here.')
      const known = await whoIs(socket, parts)
      if (typeof known === 'string') return turnAway(socket, 401, known)
      if (socket.destroyed) return
      webSockets.handleUpgrade(request, socket, head, (ws) => parts.arrived(ws, socket, known))
    })().catch(() => socket.destroy())
  })

  await listen(server, parts)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        clearInterval(renewing)
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** The host at the other end, or why it is not let in. */
async function whoIs(socket: TLSSocket, { authority, nowMs, isAdmitted }: ListenFor): Promise<KnownHost | string> {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return 'A certificate of this fleet is needed.'
  // Looked at again: a resumed TLS session was checked when it was new.
  if (nowMs() >= Date.parse(certificate.validTo)) return `The certificate was good until ${certificate.validTo}.`
  if (!socket.authorized) return 'The certificate is not one of this fleet.'
  const identified = hostIdentity(certificate, authority.fleet)
  if (!identified.ok) return identified.says
  const known = { host: identified.host, certificate }
  return (await isAdmitted(known))
    ? known
    : `${identified.host} is not a host of this fleet any more, or it enrolled anew.`
}

function turnAway(socket: Duplex, status: number, says: string): void {
  const head = [`HTTP/1.1 ${status} ${reasons[status] ?? 'Error'}`, 'Connection: close', 'Content-Type: text/plain']
  const body = `${says}\n`
  socket.end(`${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  503: 'Service Unavailable',
}

function listen(server: Server, { host, port }: Pick<ListenFor, 'host' | 'port'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog }, resolve)
  })
}
