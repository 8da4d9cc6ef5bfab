/** For tests: a controller as an agent meets it, on loopback, over real TLS 1.3; what it answers is the test's to say. */
import { createPublicKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import {
  AGENT_PATH,
  ENROL_PATH,
  EnrolRequest,
  encodeJoinToken,
  Peer,
  problem,
  RENEW_PATH,
  Trusts,
  webSocketChannel,
  type Enrolled,
  type ProblemCode,
  type Renewed,
} from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import { WebSocketServer } from 'ws'
import { throwAwayAuthority, type ThrowAwayAuthority } from './throw-away-authority.ts'

export interface ThrowAwayController extends AsyncDisposable {
  readonly authority: ThrowAwayAuthority
  readonly url: string
  /** A join token for it, as a person would paste it. */
  token(change?: { readonly url?: string; readonly fingerprint?: ThrowAwayAuthority['fingerprint'] }): string
  /** What was asked of `enrol`, in order. */
  readonly asked: readonly EnrolRequest[]
  /** Answers the next agent that connects. */
  nextAgent(): Promise<Peer>
  /** With what agents are turned away from now on; null lets them in. */
  turnAway(because: ProblemCode | number | null): void
  /** As after a crash: every line is cut, and nobody listens. */
  stop(): Promise<void>
  /** On the same port. */
  start(): Promise<void>
}

export interface Answers {
  readonly enrol?: (request: EnrolRequest, authority: ThrowAwayAuthority) => unknown
  readonly renew?: (certificate: X509Certificate, authority: ThrowAwayAuthority) => unknown
  /** What a host says that it trusts. */
  readonly trusts?: (told: Trusts) => void
  /** Names in its certificate; without them it is known as 127.0.0.1. */
  readonly dnsName?: string
}

/** `secret` of every token made here. */
export const secret = 's'.repeat(43)

export async function throwAwayController(answers: Answers = {}): Promise<ThrowAwayController> {
  const authority = await throwAwayAuthority()
  const { dnsName } = answers
  const { chain, key } = await authority.server([
    dnsName === undefined ? { type: 'ip', value: '127.0.0.1' } : { type: 'dns', value: dnsName },
  ])
  const asked: EnrolRequest[] = []
  const waiting: ((peer: Peer) => void)[] = []
  const arrived: Peer[] = []
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const open = new Set<Duplex>()
  let turnedAway: ProblemCode | number | null = null
  let port = 0
  let server: Server | undefined

  const { enrol = letIn, renew } = answers
  const enrolRouter = t.router({
    enrol: t.procedure.input(EnrolRequest).mutation(({ input }) => {
      asked.push(input)
      return enrol(input, authority)
    }),
  })
  const agentLine = (certificate: X509Certificate) =>
    t.router({
      renew: t.procedure.mutation(() => (renew ? renew(certificate, authority) : never())),
      trusts: t.procedure.input(Trusts).mutation(({ input }) => answers.trusts?.(input)),
    })

  async function start(): Promise<void> {
    const tls = { cert: chain, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false }
    server = createServer({ ...tls, minVersion: 'TLSv1.3' })
    server.on('connection', (socket: Duplex) => {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
    })
    server.on('upgrade', (request, socket: TLSSocket, head) => {
      const certificate = socket.getPeerX509Certificate()
      const forAgents = request.url === AGENT_PATH
      const refusal = forAgents ? (turnedAway ?? whyNot(socket)) : null
      if (refusal !== null) {
        const said = 'This host is not one of the fleet.'
        const told = typeof refusal === 'number' ? said : JSON.stringify({ problem: problem(refusal, said) })
        const status = typeof refusal === 'number' ? refusal : 401
        socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\n\r\n${told}`)
        return
      }
      sockets.handleUpgrade(request, socket, head, (ws) => {
        if (request.url === RENEW_PATH && certificate)
          return void new Peer(webSocketChannel(ws), { router: agentLine(certificate) })
        if (!forAgents)
          return void new Peer(webSocketChannel(ws), request.url === ENROL_PATH ? { router: enrolRouter } : {})
        const peer = new Peer(webSocketChannel(ws), certificate ? { router: agentLine(certificate) } : {})
        const next = waiting.shift()
        if (next) next(peer)
        else arrived.push(peer)
      })
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }

  async function stop(): Promise<void> {
    const closed = server?.listening ? once(server, 'close') : null
    server?.close()
    for (const socket of open) socket.destroy()
    await closed
  }

  await start()
  const url = `wss://127.0.0.1:${port}`
  return {
    authority,
    url,
    token: (change = {}) => encodeJoinToken({ url, fingerprint: authority.fingerprint, secret, ...change }),
    asked,
    nextAgent: async () => arrived.shift() ?? new Promise((resolve) => waiting.push(resolve)),
    turnAway: (because) => (turnedAway = because),
    start,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

const t = initTRPC.create()

/** As a good controller does it. */
export async function letIn(
  { host, publicKey }: EnrolRequest,
  authority: ThrowAwayAuthority,
  key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' }),
): Promise<Enrolled> {
  const certificate = await authority.client(host, key)
  return {
    host,
    fleet: authority.fleet,
    labels: {},
    authority: authority.certificate,
    ...(await described(certificate)),
  }
}

/** As it answers `renew`. */
export async function described(certificate: string): Promise<Renewed> {
  const { fingerprint256, validTo } = new X509Certificate(certificate)
  return {
    certificate,
    certificateFingerprint: `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`,
    expiresAt: new Date(validTo).toISOString(),
  }
}

function never(): never {
  throw new Error('Nobody was to ask for this.')
}

function whyNot({ authorized, authorizationError }: TLSSocket): ProblemCode | null {
  if (authorized) return null
  return String(authorizationError) === 'CERT_HAS_EXPIRED' ? 'certificate-expired' : 'foreign-certificate'
}
