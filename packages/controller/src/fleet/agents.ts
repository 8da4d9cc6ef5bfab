/** What happens to hosts that dial in: newcomers are enrolled, hosts of the fleet get a session and their certificates renewed. */
import type { KeyObject } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import {
  EnrolRequest,
  Peer,
  problem,
  problemError,
  safeLine,
  Trusts,
  webSocketChannel,
  type Problem,
  type ProblemCode,
  type Renewed,
  type Timers,
} from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import type { WebSocket } from 'ws'
import { recordRefusal } from '../audit/record.ts'
import type { CertificateAuthority } from '../identity/certificate-authority.ts'
import { enrol, renewCertificate, whyNotMember } from '../identity/enrol.ts'
import type { KnownPeer } from '../identity/host-identity.ts'
import { tokenBuckets, type TokenBuckets } from '../people/token-buckets.ts'
import { hostTrusts } from '../store/hosts.ts'
import type { Database } from '../store/tables.ts'
import { listenForAgents, type AgentsListener, type KnownHost } from './agents-listener.ts'
import { attend, type Attending } from './attend.ts'
import { networkOf } from './places.ts'
import { lineLives, type LineLives } from './line-life.ts'
import { openSession } from './session.ts'

export interface AgentsParts extends Attending {
  readonly database: Database
  readonly authority: CertificateAuthority
  readonly timers: Timers
  readonly names: readonly string[]
  readonly host: string
  readonly port: number
  readonly renewalGraceMs: number
}

/** Long enough for a slow host to sign, short enough that nobody holds a place for fun. */
const newcomerLimitMs = 30_000
/** Whoever types tokens wrong makes a few mistakes; whoever tries them makes many. */
const failedEnrolments = { burst: 10, perSecond: 1 / 60 }
/** A host renews once in many hours, and comes back now and then. */
const renewals = { burst: 6, perSecond: 1 / 600 }
const arrivals = { burst: 30, perSecond: 1 / 5 }

interface Room extends AgentsParts {
  readonly failures: TokenBuckets
  readonly renewals: TokenBuckets
  readonly lives: LineLives
}

interface NewcomerContext {
  readonly room: Room
  readonly address: string
}

const newcomers = initTRPC.context<NewcomerContext>().create()

/** All that a host without a certificate may call. */
const newcomersRouter = newcomers.router({
  enrol: newcomers.procedure.input(EnrolRequest).mutation(async ({ ctx: { room, address }, input }) => {
    const { database, authority, clock, log } = room
    // Asked again: one line may try more than once.
    const wait = whyNotEnrol(room, address)
    if (wait) throw problemError(wait)
    const enrolled = await enrol(database, authority, input, clock.nowMs(), address)
    if (enrolled.ok) {
      const { host } = enrolled.value
      log(`${host} enrolled from ${address}`)
      // Whoever holds a line under this name has the key of before.
      room.sessions.cut(
        host,
        problem('host-replaced', `${host} enrolled anew from ${address}, with another key.`),
        true,
      )
      return enrolled.value
    }
    room.failures.take(networkOf(address))
    refused(room, enrolled.problem.code, 'enrol', `${input.host} at ${address}`)
    throw problemError(enrolled.problem)
  }),
})

interface MemberContext {
  readonly room: Room
  readonly peer: KnownPeer & { readonly publicKey: KeyObject }
  /** Called with the end of a certificate that was issued. */
  readonly renewed: (untilMs: number) => void
}

const members = initTRPC.context<MemberContext>().create()

const renew = members.procedure.mutation(async ({ ctx: { room, peer, renewed } }): Promise<Renewed> => {
  const { database, authority, clock, log } = room
  const waitMs = room.renewals.take(peer.host)
  if (waitMs > 0) throw problemError(tooMany('It renews its certificate much too often.', waitMs))
  const issued = await renewCertificate(database, authority, peer, clock.nowMs())
  if (!issued.ok) throw problemError(issued.problem)
  const { certificate, fingerprint, expiresAt } = issued.value
  renewed(Date.parse(expiresAt))
  log(`${peer.host} renewed its certificate, until ${expiresAt}`)
  return { certificate, certificateFingerprint: fingerprint, expiresAt, authorities: [...authority.trusted] }
})

/** All that a host may call whose certificate ran out. */
const lateRouter = members.router({ renew })

/** All that a host of the fleet may call. */
const membersRouter = members.router({
  renew,
  trusts: members.procedure.input(Trusts).mutation(async ({ ctx: { room, peer }, input }) => {
    const waitMs = room.renewals.take(`${peer.host} trusts`)
    if (waitMs > 0) throw problemError(tooMany('It says much too often what it trusts.', waitMs))
    await hostTrusts(room.database, peer.host, input.authorities)
    return null
  }),
})

export function serveAgents(parts: AgentsParts): Promise<AgentsListener> {
  const { database, authority, clock } = parts
  const nowMs = (): number => clock.nowMs()
  const room: Room = {
    ...parts,
    // Whatever hosts say of themselves is in some of these lines.
    log: (line) => parts.log(safeLine(line)),
    failures: tokenBuckets(failedEnrolments, nowMs),
    renewals: tokenBuckets(renewals, nowMs),
    lives: lineLives(clock),
  }
  const arriving = tokenBuckets(arrivals, nowMs)
  return listenForAgents({
    authority,
    clock,
    names: parts.names,
    host: parts.host,
    port: parts.port,
    renewalGraceMs: parts.renewalGraceMs,
    whyNot: async (known) => {
      // By its key: who has another one of the same name must not use up what belongs to the host.
      const waitMs = arriving.take(known.keyFingerprint)
      return waitMs > 0 ? tooMany(`${known.host} connects much too often.`, waitMs) : whyNotMember(database, known)
    },
    whyNotEnrol: (address) => whyNotEnrol(room, address),
    enrolling(ws, socket) {
      const address = socket.remoteAddress ?? 'an unknown address'
      const peer = new Peer(webSocketChannel(ws, { socket }), {
        router: newcomersRouter,
        createContext: (): NewcomerContext => ({ room, address }),
        limits: { calls: 1, queuedCalls: 1, subscriptions: 0 },
        timers: room.timers,
        onError: ({ error }) => room.log(`a bug while a host enrolled: ${said(error)}`),
      })
      closeAfter(peer, newcomerLimitMs)
    },
    renewing(ws, socket, known) {
      const peer = new Peer(webSocketChannel(ws, { socket }), {
        router: lateRouter,
        createContext: () => contextOf(room, known, socket, () => undefined),
        limits: { calls: 1, queuedCalls: 1, subscriptions: 0 },
        timers: room.timers,
        onError: ({ error }) => room.log(`a bug while ${known.host} renewed its certificate: ${said(error)}`),
      })
      closeAfter(peer, newcomerLimitMs)
    },
    arrived: (ws, socket, known) =>
      void welcome(room, ws, socket, known).catch((error: unknown) => {
        room.log(`a bug while ${known.host} connected: ${said(error)}`)
        ws.terminate()
      }),
    refused: ({ code }, path, address) => refused(room, code, path, address),
    onBug: (error) => room.log(`a bug while somebody connected: ${said(error)}`),
  })
}

async function welcome(room: Room, ws: WebSocket, socket: TLSSocket, known: KnownHost): Promise<void> {
  const { database, sessions, log } = room
  const { host } = known
  const peer = new Peer(webSocketChannel(ws, { socket }), {
    router: membersRouter,
    createContext: () => contextOf(room, known, socket, (untilMs) => life.extend(untilMs)),
    limits: { calls: 4, queuedCalls: 16, subscriptions: 0 },
    timers: room.timers,
    onError: ({ path, error }) => log(`a bug in ${path} for ${host}: ${said(error)}`),
  })
  const life = room.lives.begin(known.untilMs, () =>
    peer.close(
      problem('certificate-expired', `The certificate of ${host} ran out, and was not renewed over this line.`),
    ),
  )
  const forget = sessions.arriving(host, (because) => peer.close(because))
  void peer.ended.then(() => {
    forget()
    life.end()
  })
  const turnAway = (told: Problem): void => {
    log(`${host} was turned away: ${told.detail}`)
    refused(room, told.code, 'hello', host)
    peer.close(told)
  }
  // Asked again: it may have been removed since the handshake, and from here on a removal finds this line.
  const why = await whyNotMember(database, known)
  if (why) return turnAway(why)
  const session = await openSession(peer, { host, by: 'certificate', catalogues: sessions.catalogues })
  if (!session.ok) return turnAway(session.problem)
  await attend(room, session.value, () => {
    forget()
    return peer.open
  })
}

/** Its key is read when it is needed, which is once in many hours. */
function contextOf(room: Room, known: KnownHost, socket: TLSSocket, renewed: (untilMs: number) => void): MemberContext {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) throw new Error(`The line of ${known.host} has no certificate any more.`)
  return { room, peer: { ...known, publicKey: certificate.publicKey }, renewed }
}

function whyNotEnrol({ failures }: Room, address: string): Problem | null {
  const waitMs = failures.waitMs(networkOf(address))
  return waitMs > 0 ? tooMany('Too many enrolments from this address failed.', waitMs) : null
}

function tooMany(says: string, waitMs: number): Problem {
  const told = problem('too-many-attempts', `${says} Try again in ${Math.ceil(waitMs / 1000)} seconds.`)
  return { ...told, retryAfterMs: waitMs }
}

function closeAfter(peer: Peer, limitMs: number): void {
  const limit = setTimeout(() => peer.close(), limitMs)
  void peer.ended.then(() => clearTimeout(limit))
}

/** On record, as far as it says something about the fleet: knocking at random is no event. */
function refused({ database, clock, log }: Room, code: ProblemCode, asked: string, by: string): void {
  if (code === 'busy' || code === 'bad-input' || code === 'unreachable') return
  recordRefusal(database, clock, { by, asked, code }).catch((error: unknown) =>
    log(`a refusal was not recorded: ${said(error)}`),
  )
}

function said(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
