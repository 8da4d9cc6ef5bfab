/** The port for agents as it stands in a controller, over real TLS on loopback, with a clock that the test moves. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AGENT_PATH,
  decodeJoinToken,
  encodeJoinToken,
  systemTimers,
  type HostId,
  type PeerOptions,
  type Problem,
  type ProblemCode,
} from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import { movedClock, type MovedClock } from '../../packages/controller/test/moved-clock.ts'
import { openLine, type LineOpened } from '../../packages/agent/src/serve/controller-line.ts'
import { enrolHost, type Enrolling } from '../../packages/agent/src/serve/enrol-host.ts'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import { serveAgents } from '../../packages/controller/src/fleet/agents.ts'
import { openSeenHosts } from '../../packages/controller/src/fleet/seen-hosts.ts'
import { openSessions, type Sessions } from '../../packages/controller/src/fleet/sessions.ts'
import {
  openCertificateAuthority,
  type CertificateAuthority,
  type GivenAuthorities,
} from '../../packages/controller/src/identity/certificate-authority.ts'
import { addJoinToken, type Invitation } from '../../packages/controller/src/store/join-tokens.ts'
import { openMemoryStore } from '../../packages/controller/src/store/open-sqlite.ts'
import { openPrivateFolder } from '../../packages/controller/src/store/private-folder.ts'
import type { Database } from '../../packages/controller/src/store/tables.ts'
import { comesTrue } from '../lab/until.ts'

export const hourMs = 60 * 60_000
export const dayMs = 24 * hourMs

export interface AgentsDoor extends AsyncDisposable {
  readonly port: number
  readonly authority: CertificateAuthority
  readonly database: Database
  readonly sessions: Sessions
  readonly log: readonly string[]
  readonly clock: MovedClock
  /** A join token, as a person would paste it. */
  invite(change?: Partial<Invitation>): Promise<string>
  tryToEnrol(token: string, host: HostId): Promise<Enrolling>
  /** With a token of its own. */
  enrolled(host: HostId): Promise<Identity>
  dial(shown: Shown, path?: string, peer?: PeerOptions): Promise<LineOpened>
  /** Whether it is on record that somebody was refused with this code; waits for it a little. */
  isOnRecord(code: ProblemCode, limitMs?: number): Promise<boolean>
}

/** Without a key and a certificate: as somebody who has none. */
export type Shown = Pick<Identity, 'authority'> & Partial<Pick<Identity, 'key' | 'certificate'>>

export async function agentsDoor(authorities: GivenAuthorities = {}, timers = systemTimers): Promise<AgentsDoor> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-door-'))
  await openPrivateFolder(join(folder, 'data'))
  const clock = movedClock()
  const opened = await openCertificateAuthority(join(folder, 'data'), clock.nowMs(), authorities)
  if (!opened.ok) throw new Error(opened.says)
  const authority = opened.value
  const database = await openMemoryStore()
  const sessions = openSessions(clock)
  const seen = openSeenHosts(database)
  const log: string[] = []
  const listener = await serveAgents({
    database,
    authority,
    sessions,
    seen,
    clock,
    timers,
    names: ['127.0.0.1'],
    host: '127.0.0.1',
    port: 0,
    renewalGraceMs: 14 * dayMs,
    connected: () => undefined,
    log: (line) => log.push(line),
  })
  const { port } = listener
  const url = `wss://127.0.0.1:${port}`
  const door: AgentsDoor = {
    port,
    authority,
    database,
    sessions,
    log,
    clock,
    async invite(change = {}) {
      const plain = { madeBy: 'ana', labels: {}, host: null, nowMs: clock.nowMs(), lifeMs: hourMs }
      const { secret } = await addJoinToken(database, { ...plain, ...change })
      return encodeJoinToken({ url, fingerprint: authority.fingerprint, secret })
    },
    async tryToEnrol(text, host) {
      const token = decodeJoinToken(text)
      return token.ok ? enrolHost(token.value, { host, os: null, agentVersion: '0.1.0' }) : token
    },
    async enrolled(host) {
      const enrolling = await door.tryToEnrol(await door.invite(), host)
      if (!enrolling.ok) throw new Error(enrolling.problem.detail)
      return enrolling.identity
    },
    dial({ authority: trusted, key, certificate }, path = AGENT_PATH, peer = { router: silent }) {
      const client = key === undefined || certificate === undefined ? {} : { client: { key, certificate } }
      return openLine({ url: `${url}${path}`, authority: trusted, ...client }, peer)
    },
    async isOnRecord(code, limitMs) {
      return comesTrue(async () => {
        const rows = await database.selectFrom('audit_records').select('record').where('type', '=', 'refused').execute()
        return rows.some(({ record }) => record.includes(`"code":"${code}"`))
      }, limitMs)
    },
    async [Symbol.asyncDispose]() {
      sessions.close()
      await listener.close()
      await seen.close()
      await database.destroy()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return door
}

const t = initTRPC.create()
/** A host that takes its time to say who it is, and so stays connected meanwhile. */
const silent = t.router({ hello: t.procedure.query(() => new Promise(() => undefined)) })

/** The code with which a line was refused, at the door or after it; null: it was not, and is closed here. */
export async function refusalOf(line: LineOpened): Promise<ProblemCode | null> {
  if (line.kind === 'turned-away') return line.problem.code
  if (line.kind === 'not-the-controller') return line.kind
  if (line.kind === 'not-reached') throw new Error(line.says)
  line.peer.close()
  return null
}

/** With what the other side ended it. */
export async function endOf(line: LineOpened): Promise<Problem | null> {
  if (line.kind !== 'open') throw new Error(JSON.stringify(line))
  return (await line.peer.ended).problem
}
