/** A connection over which programs are started, as many at once as the host allows; the others wait for their turn. */
import { problem, safeLine, type Problem } from '@fleetmend/shared'
import type { SshConnection, SshProcess } from '../ssh-connection.ts'
import type { SshTarget } from '../ssh-target.ts'
import { placeOf } from './place-of.ts'
import { sessionPlaces } from './session-places.ts'

export interface Line {
  readonly target: SshTarget
  readonly ended: Promise<Problem | null>
  /** Why it is gone; null while it is there, and where this side ended it. */
  readonly broken: () => Problem | null
  /** `closed` once the host has ended the session, so that there is a place for another. */
  readonly open: (command: string, closed: () => void, signal: AbortSignal | undefined) => Promise<Opened>
  readonly end: () => void
}

export type Opened = { readonly ok: true; readonly value: SshProcess } | { readonly ok: false; readonly says: string }

export function queuedConnection(line: Line): SshConnection {
  const places = sessionPlaces()
  void line.ended.then(() => places.close())
  return {
    target: line.target,
    ended: line.ended,
    async start(command, signal) {
      const place = await places.take(signal)
      for (;;) {
        if (place === null || line.broken() !== null) {
          place?.free()
          return { ok: false, problem: whyGone(line) }
        }
        const opened = await line.open(command, place.free, signal)
        if (opened.ok) place.opened()
        else if (signal?.aborted) place.free()
        signal?.throwIfAborted()
        if (opened.ok) return opened
        if (line.broken() === null && (await place.refused(signal)) === 'give-up') {
          place.free()
          return { ok: false, problem: noSession(line.target, opened.says) }
        }
      }
    },
    async [Symbol.asyncDispose]() {
      line.end()
      await line.ended
    },
  }
}

function whyGone({ target, broken }: Line): Problem {
  return broken() ?? problem('ssh-broken', `The connection to ${safeLine(target.alias)} was ended on this side.`)
}

function noSession(target: SshTarget, says: string): Problem {
  return problem(
    'ssh-no-session',
    `${placeOf(target)} lets ${safeLine(target.user)} in, and starts no program for it: ${safeLine(says)}. Look at the shell of the account, and at MaxSessions in its sshd_config.`,
  )
}
