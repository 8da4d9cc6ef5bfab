/** Programs over one ssh2 connection. */
import type { Problem } from '@fleetmend/shared'
import type { ClientChannel } from 'ssh2'
import type { SshConnection, SshExit, SshProcess } from '../ssh-connection.ts'
import type { SshTarget } from '../ssh-target.ts'
import { channelStream } from './channel-stream.ts'
import { queuedConnection, type Opened } from './queued-connection.ts'
import type { Hop } from './ssh2-hop.ts'

export function ssh2Connection(hop: Hop, target: SshTarget, end: () => void): SshConnection {
  const running = new Set<(why: Problem | null) => void>()
  void hop.ended.then((why) => {
    for (const cut of running) cut(why)
  })
  return queuedConnection({
    target,
    ended: hop.ended,
    broken: hop.broken,
    end,
    open: (command, closed, signal) =>
      openSession(hop, command, (channel) => {
        channel.once('close', closed)
        return overChannel(channel, hop, running, signal)
      }),
  })
}

/** `over` is called in the turn in which it opens: how a short program ended may be told in that very turn. */
function openSession({ client }: Hop, command: string, over: (channel: ClientChannel) => SshProcess): Promise<Opened> {
  return new Promise((resolve) => {
    try {
      client.exec(command, (error, channel) =>
        resolve(error ? { ok: false, says: error.message } : { ok: true, value: over(channel) }),
      )
    } catch (error) {
      // ssh2 throws where the connection is gone.
      resolve({ ok: false, says: String(error) })
    }
  })
}

function overChannel(
  channel: ClientChannel,
  hop: Hop,
  running: Set<(why: Problem | null) => void>,
  signal: AbortSignal | undefined,
): SshProcess {
  const stdio = channelStream(channel, hop)
  // Also where nobody reads it, and would come to its end.
  const cut = (why: Problem | null): void => void stdio.destroy(why === null ? undefined : new Error(why.detail))
  running.add(cut)
  const abort = (): void => {
    // sshd tells the program only where it may (session.c refuses it for a bound command); the end of its input always.
    channel.signal('TERM')
    stdio.destroy(signal?.reason as Error)
  }
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  const exited = new Promise<SshExit>((resolve) => {
    channel.on('exit', (code: number | null, name?: string) => resolve({ code, signal: name ?? null, problem: null }))
    const untold = (): void => resolve({ code: null, signal: null, problem: hop.broken() })
    channel.once('close', untold)
    stdio.once('close', () => {
      running.delete(cut)
      signal?.removeEventListener('abort', abort)
      untold()
    })
  })
  return { stdio, stderr: channel.stderr, exited }
}
