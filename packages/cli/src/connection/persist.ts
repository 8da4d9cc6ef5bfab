/** Waiting for a controller that went away: it keeps everything on disk, so that it takes up where it was. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cli } from '../cli.ts'
import type { Answer } from './controller.ts'

type Failed = Extract<Answer<never>, { ok: false }>

export interface Persistence {
  /** True: try again now. False: it was waited for long enough. */
  again(): Promise<boolean>
  /** It is back. */
  answered(): void
}

export function persistence({ patience, streams, nowMs }: Pick<Cli, 'patience' | 'streams' | 'nowMs'>): Persistence {
  let lostMs: number | null = null
  let said = false
  return {
    async again() {
      lostMs ??= nowMs()
      if (!said)
        streams.err(
          `${streams.errPaint.yellow('The connection to the controller is lost.')} Hosts go on; waiting up to ${Math.round(patience.reconnectMs / 1000)} s for it to come back.\n`,
        )
      said = true
      if (nowMs() - lostMs >= patience.reconnectMs) return false
      await sleep(patience.againMs)
      return true
    },
    answered() {
      lostMs = null
    },
  }
}

/** Asks until there is an answer. Only for questions: asking twice changes nothing. */
export async function persistently<Value>(
  cli: Pick<Cli, 'patience' | 'streams' | 'nowMs'>,
  ask: () => Promise<Answer<Value>>,
): Promise<Answer<Value>> {
  const waiting = persistence(cli)
  for (;;) {
    const answer = await ask()
    if (!isLost(answer) || !(await waiting.again())) return answer
  }
}

export function isLost<Value>(answer: Answer<Value>): answer is Failed {
  return !answer.ok && answer.lost !== null
}
