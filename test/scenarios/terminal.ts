/** The command line in this process: its real program, with somebody at the terminal or nobody, and all that it wrote. */
import { plainPaint, type ExitCode, type Paint } from '@fleetmend/shared'
import { runProgram } from '../../packages/cli/src/program.ts'
import type { World } from './world.ts'

export interface Shown {
  readonly exitCode: ExitCode
  readonly out: string
  readonly err: string
}

export interface Seen {
  /** What becomes of all that is written, in order. */
  readonly paint: Paint
  readonly show: (text: string) => void
}

/** `answers`: what a person types, in order; without any, there is no terminal. */
export async function fleetmend(
  { socket }: Pick<World, 'socket'>,
  args: readonly string[],
  answers?: readonly string[],
  { paint, show }: Seen = { paint: plainPaint, show: () => undefined },
): Promise<Shown> {
  let out = ''
  let err = ''
  const say = (text: string): void => {
    err += text
    show(text)
  }
  const left = [...(answers ?? [])]
  const exitCode = await runProgram(['--socket', socket, ...args], {
    streams: {
      out: (text) => {
        out += text
        show(text)
      },
      err: say,
      paint,
      errPaint: paint,
      width: 100,
      rows: 24,
      isLive: false,
      canAsk: answers !== undefined,
      ask: (question) => {
        const answer = left.shift() ?? null
        say(`${question}${answer ?? ''}\n`)
        return Promise.resolve(answer)
      },
    },
    environment: { FLEETMEND_USER: 'ana' },
    interruption: { says: null, end: null },
    patience: { reconnectMs: 10_000, againMs: 50 },
    nowMs: () => Date.now(),
  })
  return { exitCode, out, err }
}
