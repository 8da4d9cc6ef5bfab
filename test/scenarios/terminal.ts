/** The command line in this process: its real program, with somebody at the terminal or nobody, and all that it wrote. */
import { plainPaint, type ExitCode } from '@fleetmend/shared'
import { runProgram } from '../../packages/cli/src/program.ts'
import type { World } from './world.ts'

export interface Shown {
  readonly exitCode: ExitCode
  readonly out: string
  readonly err: string
}

/** `answers`: what a person types, in order; without any, there is no terminal. */
export async function fleetmend(world: World, args: readonly string[], answers?: readonly string[]): Promise<Shown> {
  let out = ''
  let err = ''
  const left = [...(answers ?? [])]
  const exitCode = await runProgram(['--socket', world.socket, ...args], {
    streams: {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      paint: plainPaint,
      errPaint: plainPaint,
      width: 100,
      rows: 24,
      isLive: false,
      canAsk: answers !== undefined,
      ask: (question) => {
        err += `${question}\n`
        return Promise.resolve(left.shift() ?? null)
      },
    },
    environment: { FLEETMEND_USER: 'ana' },
    interruption: { says: null, end: null },
    patience: { reconnectMs: 10_000, againMs: 50 },
    nowMs: () => Date.now(),
  })
  return { exitCode, out, err }
}
