/** Somebody at the controller's socket, with what the command line is made of: it asks, follows a run, and keeps the picture. */
import { connect, type Socket } from 'node:net'
import {
  nowOf,
  Peer,
  plainPaint,
  runPicture,
  streamChannel,
  type HostDiagnosis,
  type Part,
  type Run,
  type RunNews,
} from '@fleetmend/shared'
import { controllerAt, type Answer, type Api, type Controller } from '../../packages/cli/src/connection/controller.ts'
import { followRun } from '../../packages/cli/src/connection/follow-run.ts'
import type { Streams } from '../../packages/cli/src/streams.ts'

export interface Watcher {
  ask<Value>(call: (api: Api) => Promise<Value>): Promise<Value>
  askLong<Value>(subscribe: (api: Api) => AsyncIterable<Part<Value>>): Promise<Value>
  /** All that the socket brought so far. */
  readonly receivedBytes: () => number
  /** What all hosts say, and when each answer was here. */
  diagnose(): Promise<{ readonly said: readonly HostDiagnosis[]; readonly arrivedMs: readonly number[] }>
  /**
   * The story of a run until something holds or it has ended; with what begins it, from there, as who carries out a run is
   * there before it begins.
   */
  follow(run: Run, told: (news: RunNews) => boolean, begin?: () => Promise<unknown>): Promise<void>
  close(): void
}

/** A terminal that nobody looks at. */
const streams: Streams = {
  ...{ out: () => undefined, err: () => undefined, paint: plainPaint, errPaint: plainPaint },
  ...{ width: 100, columns: 100, rows: 40, onResize: () => () => undefined },
  ...{ isOutTerminal: false, isLive: false, canAsk: false },
  ...{ ask: () => Promise.resolve(null), askSecret: () => Promise.resolve(null) },
}

const cli = { streams, patience: { reconnectMs: 60_000, againMs: 100 }, nowMs: () => Date.now() }

export function watcherAt(path: string): Watcher {
  const sockets: Socket[] = []
  const controller: Controller = controllerAt(
    () =>
      new Promise((resolve, reject) => {
        const socket = connect(path)
        sockets.push(socket)
        socket.once('error', reject)
        socket.once('connect', () => {
          socket.off('error', reject)
          resolve({ ok: true, peer: new Peer(streamChannel(socket)) })
        })
      }),
  )
  return {
    ask: async (call) => must(await controller.ask(call)),
    askLong: async (subscribe) => must(await controller.askLong(subscribe)),
    receivedBytes: () => sockets.reduce((sum, socket) => sum + socket.bytesRead, 0),
    async diagnose() {
      const startedMs = performance.now()
      const arrivedMs: number[] = []
      const said: HostDiagnosis[] = []
      const answers = controller.stream((api) => api.diagnose.subscribe({ target: {} }))
      for (;;) {
        const next = await answers.next()
        if (next.done) {
          if (next.value) throw new Error(next.value.problem.detail)
          return { said, arrivedMs }
        }
        said.push(next.value)
        arrivedMs.push(performance.now() - startedMs)
      }
    },
    async follow(run, told, begin) {
      const picture = runPicture(nowOf(run))
      const story = followRun(cli, controller, run.id, begin ? 'now' : 'its-beginning')
      if (begin) {
        const first = await story.next()
        if (first.done) throw new Error(first.value?.detail ?? `${run.id} has ended before it began.`)
        await begin()
      }
      for (;;) {
        const next = await story.next()
        if (next.done) {
          if (next.value) throw new Error(next.value.detail)
          return
        }
        picture.tell(next.value)
        if (!told(next.value)) continue
        await story.return(null)
        return
      }
    },
    close: () => controller.close(),
  }
}

function must<Value>(answer: Answer<Value>): Value {
  if (!answer.ok) throw new Error(answer.problem.detail)
  return answer.value
}
