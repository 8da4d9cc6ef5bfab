/** What happens to hosts that dial in: newcomers are enrolled, hosts of the fleet get a session and their certificates renewed. */
import type { KeyObject } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { EnrolRequest, Peer, problem, problemError, webSocketChannel, type HostId } from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import type { WebSocket } from 'ws'
import { keyFingerprint, type CertificateAuthority } from '../identity/certificate-authority.ts'
import { enrol, isAdmitted, renewCertificate } from '../identity/enrol.ts'
import type { Clock } from '../runs/clock.ts'
import { sawHost } from '../store/hosts.ts'
import type { Database } from '../store/tables.ts'
import { listenForAgents, type AgentsListener, type KnownHost } from './agents-listener.ts'
import { openSession } from './session.ts'
import type { Sessions } from './sessions.ts'

export interface AgentsParts {
  readonly database: Database
  readonly authority: CertificateAuthority
  readonly sessions: Sessions
  readonly clock: Clock
  readonly names: readonly string[]
  readonly host: string
  readonly port: number
  readonly log: (line: string) => void
}

const newcomers = initTRPC.context<Pick<AgentsParts, 'database' | 'authority' | 'clock' | 'log'>>().create()

/** All that a host without a certificate may call. */
const newcomersRouter = newcomers.router({
  enrol: newcomers.procedure.input(EnrolRequest).mutation(async ({ ctx, input }) => {
    const enrolled = await enrol(ctx.database, ctx.authority, input, ctx.clock.nowMs())
    if (!enrolled.ok) throw problemError(enrolled.problem)
    ctx.log(`${enrolled.value.host} enrolled`)
    return enrolled.value
  }),
})

interface MemberContext {
  readonly parts: AgentsParts
  readonly host: HostId
  readonly publicKey: KeyObject
}

const members = initTRPC.context<MemberContext>().create()

/** All that a host of the fleet may call. */
const membersRouter = members.router({
  renew: members.procedure.mutation(async ({ ctx: { parts, host, publicKey } }) => {
    const known = { host, publicKey, keyFingerprint: keyFingerprint(publicKey) }
    const renewed = await renewCertificate(parts.database, parts.authority, known, parts.clock.nowMs())
    if (!renewed) throw problemError(problem('bad-token', `${host} is not a host of this fleet any more.`))
    const { certificate, fingerprint, expiresAt } = renewed
    return { certificate, certificateFingerprint: fingerprint, expiresAt }
  }),
})

/** Long enough for a slow host to sign, short enough that nobody holds a place for fun. */
const enrolLimitMs = 30_000

export function serveAgents(parts: AgentsParts): Promise<AgentsListener> {
  const { database, authority, clock, log } = parts
  return listenForAgents({
    authority,
    names: parts.names,
    host: parts.host,
    port: parts.port,
    nowMs: () => clock.nowMs(),
    isAdmitted: ({ host, certificate }) =>
      isAdmitted(database, { host, keyFingerprint: keyFingerprint(certificate.publicKey) }),
    enrolling(ws, socket) {
      const peer = new Peer(webSocketChannel(ws, { socket }), {
        router: newcomersRouter,
        createContext: () => ({ database, authority, clock, log }),
        limits: { calls: 1, queuedCalls: 1, subscriptions: 0 },
        onError: ({ error }) => log(`a bug while a host enrolled: ${said(error)}`),
      })
      const limit = setTimeout(() => peer.close(), enrolLimitMs)
      void peer.ended.then(() => clearTimeout(limit))
    },
    arrived: (ws, socket, known) =>
      void welcome(parts, ws, socket, known).catch((error: unknown) => {
        log(`a bug while ${known.host} connected: ${said(error)}`)
        ws.terminate()
      }),
  })
}

async function welcome(
  parts: AgentsParts,
  ws: WebSocket,
  socket: TLSSocket,
  { host, certificate }: KnownHost,
): Promise<void> {
  const { database, sessions, clock, log } = parts
  const peer = new Peer(webSocketChannel(ws, { socket }), {
    router: membersRouter,
    createContext: () => ({ parts, host, publicKey: certificate.publicKey }),
    limits: { calls: 4, queuedCalls: 16, subscriptions: 0 },
    onError: ({ path, error }) => log(`a bug in ${path} for ${host}: ${said(error)}`),
  })
  const session = await openSession(peer, host)
  if (!session.ok) {
    log(`${host} was turned away: ${session.says}`)
    peer.close()
    return
  }
  const { os, agentVersion } = session.value.hello
  await sawHost(database, host, { at: new Date(clock.nowMs()).toISOString(), os, agentVersion })
  sessions.enter(session.value)
  log(`${host} connected (agent ${agentVersion})`)
  const end = await peer.ended
  if (sessions.get(host) === null)
    await sawHost(database, host, { at: new Date(clock.nowMs()).toISOString(), os, agentVersion })
  log(`${host} disconnected${end.problem ? `: ${end.problem.detail}` : ''}`)
}

function said(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
