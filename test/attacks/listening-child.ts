/** The process itself: all that listens on that socket, or dials out, as it does when it is installed; only the host behind an agent is simulated. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServedHost } from '../../packages/agent/src/serve/agent-service.ts'
import { answerOnSocket } from '../../packages/agent/src/serve/answer-calls.ts'
import type { Answering } from '../../packages/agent/src/serve/answering.ts'
import { refusedBackOff } from '../../packages/agent/src/serve/back-off.ts'
import { dialOut } from '../../packages/agent/src/serve/dial-out.ts'
import { relayTo } from '../../packages/agent/src/serve/relay.ts'
import { serveAgent } from '../../packages/agent/src/serve/serve-agent.ts'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import { openStateFolder, type StateFolder } from '../../packages/agent/src/state/state-folder.ts'
import { sampleTargets } from '../../packages/agent/src/survey/sample-targets.ts'
import { serveController } from '../../packages/controller/src/index.ts'
import { webHost } from '../scenarios/web-host.ts'
import type { Holding } from './listening-process.ts'

const [, , role, folder = '', identity = ''] = process.argv
const socketPath = join(folder, 'ours.sock')
const bugs: string[] = []
const say = (line: string): void => void (line.includes('bug') && bugs.push(line))

process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed: heapBytes, rss: residentBytes } = process.memoryUsage()
  const holding: Holding = { heapBytes, residentBytes, files: readdirSync('/proc/self/fd').length, bugs }
  process.send?.(holding)
})
// Whoever started it is done with it, or gone.
process.on('disconnect', () => process.exit())

if (role === 'controller') await listenAsController()
else if (role === 'agent') await listenAsAgent()
else await dialAsAgent()

async function listenAsController(): Promise<void> {
  const served = await serveController({
    dataFolder: join(folder, 'data'),
    socketPath,
    listenHost: '127.0.0.1',
    listenPort: 0,
    names: ['127.0.0.1'],
    approversPath: join(folder, 'approvers'),
    log: say,
  })
  if (!served.ok) throw new Error(served.problem.detail)
  process.send?.(socketPath)
}

/** What answers calls, on a socket of its own. */
async function answeringHost(): Promise<{
  readonly host: ServedHost['host']
  readonly state: StateFolder
  readonly answering: Answering
}> {
  const opened = await openStateFolder(join(folder, 'state'))
  if (!opened.ok) throw new Error(opened.says)
  const state = opened.value
  const { host } = webHost('web-1')
  const path = join(folder, 'answering.sock')
  const listening = Promise.withResolvers<void>()
  const start = () => Promise.resolve({ ok: true } as const)
  void answerOnSocket({ host, state, start, say }, path, new PassThrough(), listening.resolve)
  await listening.promise
  const open = async (): Promise<Socket> => {
    const socket = connect(path)
    await once(socket, 'connect')
    return socket
  }
  return { host, state, answering: { open } }
}

async function listenAsAgent(): Promise<void> {
  const { host, state, answering } = await answeringHost()
  void serveAgent(
    {
      name: host.id,
      host,
      state,
      answering,
      sampleTargets: () => sampleTargets(host),
      recordRenewal: () => Promise.resolve(),
      socketPath,
      say: (line) => {
        say(line)
        if (line.includes('serves on')) process.send?.(socketPath)
      },
      atRest: () => undefined,
    },
    new AbortController().signal,
  )
}

async function dialAsAgent(): Promise<void> {
  const { answering } = await answeringHost()
  void dialOut(
    {
      identity: JSON.parse(identity) as Identity,
      peer: { answeredBy: relayTo(answering) },
      saveIdentity: () => Promise.resolve(),
      say,
      nowMs: () => Date.now(),
      // Between two attempts it waits no longer than a turn; its certificate is not to be renewed today.
      sleep: (ms, signal) =>
        sleep(ms > refusedBackOff.longestMs ? ms : 1, undefined, { signal }).catch(() => undefined),
    },
    new AbortController().signal,
  )
  process.send?.('dials')
}
