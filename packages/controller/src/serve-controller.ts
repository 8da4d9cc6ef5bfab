/** A whole controller: store, certificates, run engine, the port for agents and the socket for people. */
import { hostname } from 'node:os'
import { Peer, problem, streamChannel, type Problem } from '@fleetmend/shared'
import { listenOnSocket } from '@fleetmend/shared/own-socket'
import { apiRouter } from './api/router.ts'
import { controllerService } from './api/service.ts'
import { serveAgents } from './fleet/agents.ts'
import { connectedFleet } from './fleet/connected-fleet.ts'
import { openSessions } from './fleet/sessions.ts'
import { openCertificateAuthority } from './identity/certificate-authority.ts'
import { systemClock } from './runs/clock.ts'
import { Driver } from './runs/driver.ts'
import { openStore } from './store/open-store.ts'
import { runStore } from './store/runs.ts'

export interface ControllerOptions {
  /** Store and keys; made at the first start, with mode 0700. */
  readonly dataFolder: string
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
  /** A line for the log of the service, without its newline. */
  readonly log: (line: string) => void
}

export interface RunningController {
  readonly agentsUrl: string
  readonly socketPath: string
  /** Resolves when it cannot go on. The process must then end, with this said: its runs are taken up at the next start. */
  readonly failed: Promise<Problem>
  /** In order; what hosts are doing goes on and is asked about at the next start. */
  close(): Promise<void>
}

export type ControllerServed =
  | { readonly ok: true; readonly value: RunningController }
  | { readonly ok: false; readonly problem: Problem }

export async function serveController(options: ControllerOptions): Promise<ControllerServed> {
  const { dataFolder, socketPath, listenHost, listenPort, log, approversPath } = options
  const clock = systemClock
  const opened = await openStore(dataFolder)
  if (!opened.ok) return refuse(opened.says)
  const { database } = opened
  /** What was opened, to be closed in the opposite order. */
  const open: (() => Promise<unknown>)[] = [() => database.destroy()]
  const close = async (): Promise<void> => {
    for (const each of open.splice(0).toReversed()) await each()
  }
  const giveUp = async (says: string): Promise<ControllerServed> => {
    await close()
    return refuse(says)
  }

  const authority = await openCertificateAuthority(dataFolder, clock.nowMs())
  if (!authority.ok) return giveUp(authority.says)
  const names = namesOf(options)
  const sessions = openSessions(clock)
  const failed = Promise.withResolvers<Problem>()
  const driver = new Driver({
    store: runStore(database, { soleWriter: true }),
    fleet: connectedFleet(sessions),
    clock,
    onBug: (error) => log(`a bug: ${said(error)}`),
    onFatal: (error) => failed.resolve(problem('internal', `Cannot go on: ${said(error)}`)),
  })
  try {
    const agents = await serveAgents({
      database,
      authority: authority.value,
      sessions,
      clock,
      names,
      log,
      host: listenHost,
      port: listenPort,
    })
    open.push(async () => {
      sessions.close()
      await agents.close()
    })
    const agentsUrl = options.publicUrl ?? `wss://${bracketed(names[0] ?? 'localhost')}:${agents.port}`
    // Hosts may come back from here on: runs that were left in the middle find them.
    await driver.start()
    open.push(() => driver.close())
    const service = controllerService({
      database,
      sessions,
      driver,
      authority: authority.value,
      clock,
      agentsUrl,
      approversPath,
    })
    const socket = await listenOnSocket({
      path: socketPath,
      mode: 0o600,
      connected: (each) =>
        void new Peer(streamChannel(each), {
          router: apiRouter,
          createContext: () => ({ controller: service }),
          onError: ({ path, error }) => log(`a bug in ${path}: ${said(error)}`),
        }),
    })
    if (!socket.ok) return await giveUp(`Cannot listen on ${socketPath}: ${socket.says}.`)
    open.push(() => socket.close())
    log(`fleet ${authority.value.fleet}: agents at ${agentsUrl}, people at ${socketPath}`)
    return { ok: true, value: { agentsUrl, socketPath, failed: failed.promise, close } }
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

function refuse(says: string): ControllerServed {
  return { ok: false, problem: problem('controller-unreachable', says) }
}

function said(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
