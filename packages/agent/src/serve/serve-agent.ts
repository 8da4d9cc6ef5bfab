/**
 * The serving agent as a whole: its unix socket, its line to the controller where the host belongs to a fleet, and a
 * sample a minute. It answers nothing itself.
 */
import { pipeline } from 'node:stream'
import type { Socket } from 'node:net'
import type { HostId } from '@fleetmend/shared'
import { listenOnSocket } from '@fleetmend/shared/own-socket'
import type { SampledHost } from '../samples/sampler.ts'
import { dialsOut, readIdentity, readMembership, writeIdentity, type Identity } from '../state/identity.ts'
import type { StateFolder } from '../state/state-folder.ts'
import type { SampleTargets } from '../survey/sample-targets.ts'
import type { Answering } from './answering.ts'
import { dialOut } from './dial-out.ts'
import { isSame, watchIdentity } from './identity-change.ts'
import { relayTo } from './relay.ts'
import { keepSampling } from './sampling.ts'

export interface Serving {
  readonly name: HostId
  readonly host: SampledHost
  readonly state: StateFolder
  readonly answering: Answering
  readonly sampleTargets: () => Promise<SampleTargets>
  /** Between two attempts to reach the controller; left out: by the clock of this machine. */
  readonly waitToDial?: (ms: number, signal: AbortSignal) => Promise<void>
  /** Puts on record that the certificate on disk is a new one. */
  readonly recordRenewal: () => Promise<void>
  readonly socketPath: string
  /** Of the group whose members may use the socket; root alone without it. */
  readonly socketGid?: number
  readonly say: (line: string) => void
  /** Called when nothing will happen for most of a minute. */
  readonly atRest: () => void
}

/** People at the host, and controllers that come over SSH. Each caller is an open file here and another where it is answered. */
const mostCallers = 64

/** Runs until the signal is aborted, or the host is enrolled again; answers with what kept it from serving, or null. */
export async function serveAgent(serving: Serving, signal: AbortSignal): Promise<string | null> {
  const { name, host, state, answering, say } = serving
  const member = readMembership(state)
  if (!member.ok) return member.says
  const socket = await listenOnSocket({
    path: serving.socketPath,
    mode: serving.socketGid === undefined ? 0o600 : 0o660,
    ...(serving.socketGid === undefined ? {} : { gid: serving.socketGid }),
    mostCallers,
    connected: (each) => void handOn(each, answering, say),
  })
  if (!socket.ok) return `Cannot listen on ${serving.socketPath}: ${socket.says}.`
  say(`${name} serves on ${serving.socketPath}`)
  const enrolledAgain = new AbortController()
  const stopWatching = watchIdentity(state, member.value, (now) => {
    say(`this host was enrolled as ${now.host} of the fleet ${now.fleet}; ends, to be started again under that name`)
    enrolledAgain.abort()
  })
  const until = AbortSignal.any([signal, enrolledAgain.signal])
  const sampling = keepSampling({ ...serving, sleep: sleepUntil }, until)
  if (member.value === null || !dialsOut(member.value)) {
    say(
      member.value === null
        ? 'this host belongs to no fleet; to let it into one: fleetmend-agent enrol -'
        : `this host belongs to the fleet ${member.value.fleet}, whose controller comes over SSH`,
    )
    await sleepUntil(null, until)
  } else {
    const nowMs = (): number => host.nowMs()
    const saveIdentity = async (renewed: Identity): Promise<void> => {
      const now = readIdentity(state)
      // A renewal of who this host was must not undo that it was enrolled again.
      if (!now.ok || now.value === null || !isSame(now.value, renewed)) return
      await writeIdentity(state, renewed)
      await serving.recordRenewal().catch((error: unknown) => say(`the renewal is not on record: ${String(error)}`))
    }
    const peer = { answeredBy: relayTo(answering) }
    await dialOut(
      { identity: member.value, peer, saveIdentity, say, nowMs, sleep: serving.waitToDial ?? sleepUntil },
      until,
    )
  }
  stopWatching()
  await sampling
  await socket.close()
  return null
}

/** Null: until the signal alone. */
function sleepUntil(ms: number | null, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = ms === null ? undefined : setTimeout(end, ms)
    signal.addEventListener('abort', end, { once: true })
    function end(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}

async function handOn(caller: Socket, { open }: Answering, say: (line: string) => void): Promise<void> {
  caller.pause()
  try {
    const answers = await open()
    // Either end takes the other with it; that a caller leaves early is no error.
    pipeline(caller, answers, caller, () => undefined)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    caller.destroy()
  }
}
