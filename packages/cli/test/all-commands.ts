/** Every command as it is defined, for tests that hold for all of them. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { plainPaint } from '@fleetmend/shared'
import type { Surroundings } from '../src/cli.ts'
import { programOf } from '../src/program.ts'

const nowhere: Surroundings = {
  streams: {
    out: () => undefined,
    err: () => undefined,
    paint: plainPaint,
    errPaint: plainPaint,
    width: 100,
    columns: 100,
    onResize: () => () => undefined,
    rows: 24,
    isOutTerminal: false,
    isLive: false,
    canAsk: false,
    ask: () => Promise.resolve(null),
    askSecret: () => Promise.resolve(null),
  },
  environment: {},
  interruption: { says: null, end: null },
  patience: { reconnectMs: 0, againMs: 0 },
  nowMs: () => 0,
}

/** One of its own, for a test that changes it or has it parse. */
export function newProgram(): CommandUnknownOpts {
  return programOf({ ...nowhere, environment: {} }, () => undefined)
}

export const program = newProgram()

export interface Named {
  /** All words of it, without the program. */
  readonly words: string
  readonly command: CommandUnknownOpts
}

/** Commands that do something themselves. */
export const commands: readonly Named[] = leaves(program, [])

function leaves(command: CommandUnknownOpts, words: readonly string[]): readonly Named[] {
  if (command.commands.length === 0) return [{ words: words.join(' '), command }]
  return command.commands.flatMap((each) => leaves(each, [...words, each.name()]))
}
