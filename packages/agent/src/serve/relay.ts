/**
 * Hands the calls of the other side on to what answers them, and the answers back. The stream between is opened by a call
 * and let go when there has been none for a while.
 */
import type { Duplex } from 'node:stream'
import { problem } from '@fleetmend/shared/problems'
import type { Channel } from '@fleetmend/shared/wire/channel'
import { errorShape } from '@fleetmend/shared/wire/error-shape'
import {
  errorFrame,
  PING,
  PONG,
  readFrames,
  requestFrame,
  resultFrame,
  stopFrame,
  type CallId,
  type CallType,
  type Frame,
} from '@fleetmend/shared/wire/frames'
import type { AnsweredCalls, Serving } from '@fleetmend/shared/wire/peer'
import { streamChannel } from '@fleetmend/shared/wire/stream-channel'
import type { Answering } from './answering.ts'

/** Long enough for the next question of a person who reads the answer to the last one. */
const lingerMs = 60_000

interface Link {
  readonly stream: Duplex
  readonly channel: Channel
}

export function relayTo({ open }: Answering): (calls: AnsweredCalls) => Serving {
  return ({ send, channel: caller, limits }) => {
    /** Those that have not been answered, with what each is. */
    const calls = new Map<CallId, CallType>()
    let link: Promise<Link> | null = null
    let lingering: NodeJS.Timeout | undefined

    function linked(): Promise<Link> {
      clearTimeout(lingering)
      link ??= open().then(join)
      return link
    }

    function join(stream: Duplex): Link {
      const channel = streamChannel(stream, { maxFrameBytes: limits.maxFrameBytes })
      const mine = { stream, channel }
      channel.listen({
        message: (text) => take(mine, text),
        garbled: (says) => channel.close(new Error(says)),
        close: (error) => lost(error?.message ?? 'it ended'),
      })
      return mine
    }

    function forward(text: string): void {
      linked().then(
        ({ channel }) => channel.send(text),
        (error: unknown) => lost(error instanceof Error ? error.message : String(error)),
      )
    }

    function take({ stream, channel }: Link, text: string): void {
      if (text === PING) return channel.send(PONG)
      if (text === PONG) return
      const frames = readFrames(text)
      if (!frames.ok) return channel.close(new Error(frames.says))
      for (const frame of frames.value) give(frame)
      const full = caller.pressure()
      if (full === null) return
      stream.pause()
      void full.then(() => stream.resume())
    }

    function give(frame: Frame): void {
      if (frame.kind !== 'result' && frame.kind !== 'error') return
      const type = calls.get(frame.id)
      if (type === undefined) return
      const isLast = frame.kind === 'error' || type !== 'subscription' || frame.result.type === 'stopped'
      if (isLast) forget(frame.id)
      send(frame.kind === 'error' ? errorFrame(frame.id, frame.error) : resultFrame(frame.id, frame.result))
    }

    function forget(id: CallId): void {
      calls.delete(id)
      if (calls.size > 0 || link === null) return
      clearTimeout(lingering)
      lingering = setTimeout(letGo, lingerMs).unref()
    }

    function letGo(): void {
      clearTimeout(lingering)
      const left = link
      link = null
      left?.then(
        ({ channel }) => channel.close(),
        () => undefined,
      )
    }

    /** What became of the calls is unknown; the host's journal knows. */
    function lost(says: string): void {
      link = null
      for (const id of calls.keys()) {
        const detail = `This host stopped answering before it was done: ${says}. To see what it did, ask for its history.`
        send(errorFrame(id, errorShape('INTERNAL_SERVER_ERROR', 500, problem('unreachable', detail))))
      }
      calls.clear()
    }

    return {
      request({ id, type, path, input }) {
        if (calls.has(id)) return false
        calls.set(id, type)
        forward(requestFrame(id, type, path, input))
        return true
      },
      stop(id) {
        const type = calls.get(id)
        if (type === undefined) return
        // Its caller waits for no answer; a subscription still says that it has stopped.
        if (type !== 'subscription') forget(id)
        forward(stopFrame(id))
      },
      isBusy: () => calls.size > 0,
      end: letGo,
    }
  }
}
