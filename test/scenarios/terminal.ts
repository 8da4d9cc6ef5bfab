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

const unseen: Seen = { paint: plainPaint, show: () => undefined }

/** On the controller's machine. `answers`: what a person types, in order; without any, there is no terminal. */
export function fleetmend(
  { socket }: Pick<World, 'socket'>,
  args: readonly string[],
  answers?: readonly string[],
  seen: Seen = unseen,
  environment: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  return fleetmendWith({ FLEETMEND_USER: 'ana', ...environment }, ['--socket', socket, ...args], { answers, seen })
}

/** On any computer. `input`: what is piped in where there is no terminal. */
export async function fleetmendWith(
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  {
    answers,
    input,
    seen: { paint, show } = unseen,
  }: { readonly answers?: readonly string[] | undefined; readonly input?: string; readonly seen?: Seen } = {},
): Promise<Shown> {
  let out = ''
  let err = ''
  const say = (text: string): void => {
    err += text
    show(text)
  }
  const left = [...(answers ?? [])]
  const exitCode = await runProgram(args, {
    streams: {
      out: (text) => {
        out += text
        show(text)
      },
      err: say,
      paint,
      errPaint: paint,
      width: 100,
      columns: 100,
      onResize: () => () => undefined,
      rows: 24,
      isOutTerminal: false,
      isLive: false,
      canAsk: answers !== undefined,
      ask: (question) => {
        const answer = left.shift() ?? null
        say(`${question}${answer ?? ''}\n`)
        return Promise.resolve(answer)
      },
      askSecret: (question) => {
        if (answers !== undefined) say(`${question}\n`)
        return Promise.resolve(left.shift() ?? input ?? null)
      },
    },
    environment,
    interruption: { says: null, end: null },
    patience: { reconnectMs: 10_000, againMs: 50 },
    nowMs: () => Date.now(),
  })
  return { exitCode, out, err }
}
