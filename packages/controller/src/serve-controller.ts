/** A whole controller: store, certificates, run engine, the port for agents and the socket for people. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import {
  Peer,
  problem,
  streamChannel,
  systemTimers,
  type Problem,
  type ProblemCode,
  type Timers,
} from '@fleetmend/shared'
import type { SshDriverName } from '@fleetmend/ssh'
import { listenOnSocket } from '@fleetmend/shared/own-socket'
import type { ApiContext } from './api/procedures.ts'
import { apiRouter } from './api/router.ts'
import { controllerService } from './api/service.ts'
import { auditService } from './audit/audit-service.ts'
import { watchHosts } from './audit/host-watch.ts'
import { beginRecord, recordRefusal } from './audit/record.ts'
import { serveAgents } from './fleet/agents.ts'
import { connectedFleet } from './fleet/connected-fleet.ts'
import { openSeenHosts } from './fleet/seen-hosts.ts'
import { openSessions } from './fleet/sessions.ts'
import { openSshAccess } from './fleet/ssh-access.ts'
import { keepSshLines } from './fleet/ssh-lines.ts'
import { openCertificateAuthority, type GivenAuthorities } from './identity/certificate-authority.ts'
import { keepAuthority } from './identity/keep-authority.ts'
import { localCaller, type Caller } from './people/caller.ts'
import { peopleService, type WhereToSignIn } from './people/people-service.ts'
import { openPeople } from './people/people.ts'
import { seenBy } from './people/seen-by.ts'
import { servePeople, type ApiListen } from './people/serve-people.ts'
import { systemClock, type Clock } from './runs/clock.ts'
import { Driver } from './runs/driver.ts'
import { fleetRules } from './policy/fleet-rules.ts'
import { backupService } from './store/backup.ts'
import { getHost, listHosts } from './store/hosts.ts'
import { keepTidy } from './store/keep-tidy.ts'
import { openStore } from './store/open-store.ts'
import { SessionLost } from './store/postgres/session.ts'
import { runStore } from './store/runs.ts'

export interface ControllerOptions {
  /** Store and keys; made at the first start, with mode 0700. */
  readonly dataFolder: string
  /** The URL of a PostgreSQL to keep the store in; left out: a file in the folder. */
  readonly databaseUrl?: string | undefined
  /** Where the API is served, for the owner of the process alone. */
  readonly socketPath: string
  /** Where agents dial in: an address of this machine, `0.0.0.0` or `::` for all of them. */
  readonly listenHost: string
  /** 0: any that is free. */
  readonly listenPort: number
  /** What join tokens tell agents to dial, e.g. `wss://controller.example:7443`; left out: from host and port. */
  readonly publicUrl?: string
  /** Further names and addresses by which agents may know this controller. */
  readonly names?: readonly string[]
  /** In the format of `/etc/fleetmend/approvers`; read at each approval. */
  readonly approversPath: string
  /** Rules of the whole fleet: limits, windows, freezes. Read whenever a host is to begin; it need not be there. */
  readonly policyPath?: string
  /** An authority that exists already; left out: the controller makes one. With `next` while another takes its place. */
  readonly authorities?: GivenAuthorities
  /** For how long after its end a host may still renew its certificate; left out: 14 days. */
  readonly renewalGraceMs?: number
  /** For how long after the end of a run its plans and reports lie beside the history, which stays; left out: 90 days. */
  readonly keepMs?: number
  /** Where people and automation are let in with a token; left out: on the socket of this machine alone. */
  readonly api?: ApiListen
  /** What it logs in to hosts with that do not dial out; left out: a key that it makes. */
  readonly sshKeyFile?: string | undefined
  /** By which it goes to them; left out: ssh2. */
  readonly sshDriver?: SshDriverName | undefined
  /** By which it waits for people and hosts; left out: that of this machine. */
  readonly time?: ControllerTime
  /** A line for the log of the service, without its newline. */
  readonly log: (line: string) => void
}

export interface ControllerTime {
  readonly clock: Clock
  /** Of the lines of agents. */
  readonly timers: Timers
}

export interface RunningController {
  readonly agentsUrl: string
  /** Null: people are served on the socket alone. */
  readonly apiUrl: string | null
  readonly socketPath: string
  /** Resolves when it cannot go on. The process must then end, with this said: its runs are taken up at the next start. */
  readonly failed: Promise<Problem>
  /** In order; what hosts are doing goes on and is asked about at the next start. */
  close(): Promise<void>
}

export type ControllerServed =
  | { readonly ok: true; readonly value: RunningController }
  | { readonly ok: false; readonly problem: Problem }

const defaultPolicyPath = '/etc/fleetmend/fleet-policy'

/** Commands of whoever runs it, and what they automate. A command is one of them for as long as it watches a run. */
const mostCallers = 256

/** A controller may be away over a long weekend, and a week longer. */
const renewalGraceMs = 14 * 24 * 60 * 60_000

/** As long as people look back at what they did to a fleet. */
const keepMs = 90 * 24 * 60 * 60_000

export async function serveController(options: ControllerOptions): Promise<ControllerServed> {
  const { dataFolder, databaseUrl, socketPath, listenHost, listenPort, log, approversPath } = options
  const { clock, timers } = options.time ?? { clock: systemClock, timers: systemTimers }
  const opened = await openStore({ folder: dataFolder, databaseUrl, timers })
  if (!opened.ok) return refuse(opened.says, opened.code)
  const { database } = opened
  /** What was opened, to be closed in the opposite order. */
  const open: (() => Promise<unknown>)[] = [() => database.destroy()]
  const close = async (): Promise<void> => {
    for (const each of open.splice(0).toReversed()) await each()
  }
  const giveUp = async (says: string, code?: ProblemCode): Promise<ControllerServed> => {
    await close()
    return refuse(says, code)
  }

  const authority = await openCertificateAuthority(dataFolder, clock.nowMs(), options.authorities)
  if (!authority.ok) return giveUp(authority.says, 'authority-unusable')
  const { fleet } = authority.value
  await beginRecord(database, clock, fleet)
  const watch = watchHosts({ database, fleet, clock, log })
  const names = namesOf(options)
  const sessions = openSessions(clock)
  const seen = openSeenHosts(database)
  open.push(() => seen.close())
  const failed = Promise.withResolvers<Problem>()
  void opened.lost.then((says) => failed.resolve(problem('database-lost', says)))
  const driver = new Driver({
    store: runStore(database, { soleWriter: true }),
    fleet: connectedFleet(
      sessions,
      (session, run) => watch.applied(session, run),
      async (host) => (await getHost(database, host)) !== null,
    ),
    clock,
    rules: () => fleetRules(options.policyPath ?? defaultPolicyPath, () => listHosts(database), clock.nowMs()),
    random: (bytes) => randomBytes(bytes).toString('hex'),
    onBug: (error) => log(`a bug: ${said(error)}`),
    onFatal: (error) => failed.resolve(whyNotOn(error)),
  })
  try {
    const agents = await serveAgents({
      database,
      authority: authority.value,
      sessions,
      seen,
      clock,
      timers,
      names,
      log,
      host: listenHost,
      port: listenPort,
      renewalGraceMs: options.renewalGraceMs ?? renewalGraceMs,
      connected: (session) => void watch.connected(session),
    })
    open.push(async () => {
      sessions.close()
      await agents.close()
    })
    const agentsUrl = options.publicUrl ?? `wss://${bracketed(names[0] ?? 'localhost')}:${agents.port}`
    const access = openSshAccess({
      ...{ dataFolder, fleet },
      keyFile: options.sshKeyFile,
      driver: options.sshDriver,
    })
    const lines = await keepSshLines({
      ...{ database, sessions, seen, clock, timers, access, log },
      random: Math.random,
      connected: (session) => void watch.connected(session),
      otherHostKey: (host, told) => watch.otherHostKey(host, told),
    })
    open.push(() => lines.close())
    // Hosts may come back from here on: runs that were left in the middle find them.
    await driver.start()
    open.push(() => driver.close())
    const service = controllerService({
      database,
      sessions,
      driver,
      authority: authority.value,
      clock,
      timers,
      access,
      lines,
      agentsUrl,
      approversPath,
    })
    const keeper = keepAuthority({ database, authority: authority.value, clock, log })
    open.push(() => keeper.close())
    open.push(keepTidy({ database, clock, keepMs: options.keepMs ?? keepMs, log }))
    const people = openPeople({ database, clock })
    let where = (): WhereToSignIn => ({ url: null, fingerprint: null })
    const contextOf = (caller: Caller): ApiContext => ({
      caller,
      controller: seenBy(service, caller),
      people: peopleService(people, caller, () => where()),
      audit: auditService({ database, fleet, clock, sessions, watch }, caller),
      authority: keeper,
      store: backupService({ folder: dataFolder, store: opened }, caller),
      refused: (asked, code) => recordRefusal(database, clock, { by: caller.name, asked, code }),
    })
    const socket = await listenOnSocket({
      path: socketPath,
      mode: 0o600,
      mostCallers,
      connected: (each) =>
        void new Peer(streamChannel(each), {
          router: apiRouter,
          createContext: () => contextOf(localCaller),
          onError: ({ path, error }) => log(`a bug in ${path}: ${said(error)}`),
        }),
    })
    if (!socket.ok) return await giveUp(`Cannot listen on ${socketPath}: ${socket.says}.`)
    open.push(() => socket.close())
    if (options.api) {
      const remote = await servePeople({
        listen: options.api,
        authority: authority.value,
        names,
        people,
        clock,
        router: apiRouter,
        contextOf,
        refused: (asked, code, by) => recordRefusal(database, clock, { by, asked, code }),
        log,
      })
      if (!remote.ok) return await giveUp(remote.says)
      open.push(() => remote.value.close())
      where = remote.value.where
    }
    log(`fleet ${authority.value.fleet}: agents at ${agentsUrl}, people at ${socketPath}`)
    return { ok: true, value: { agentsUrl, apiUrl: where().url, socketPath, failed: failed.promise, close } }
  } catch (error) {
    return giveUp(
      `Cannot listen for agents on ${listenHost}:${listenPort}: ${error instanceof Error ? error.message : String(error)}.`,
    )
  }
}

/** The name in the public address comes first: it is the one that agents check. */
function namesOf({ publicUrl, names = [] }: ControllerOptions): readonly string[] {
  const host = publicUrl === undefined ? [] : [new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')]
  return [...new Set([...host, ...names, hostname()])]
}

function bracketed(name: string): string {
  return name.includes(':') ? `[${name}]` : name
}

function refuse(says: string, code: ProblemCode = 'controller-unreachable'): ControllerServed {
  return { ok: false, problem: problem(code, says) }
}

function whyNotOn(error: unknown): Problem {
  if (error instanceof SessionLost) return problem('database-lost', error.message)
  return problem('internal', `Cannot go on: ${said(error)}`)
}

function said(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
