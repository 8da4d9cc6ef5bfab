/**
 * Runs an apply, or its rollback, in a transient unit of its own (DESIGN D6, D9): a lost connection, an upgrade or the
 * death of whoever asked does not cut it. When the unit ends, however it ends, recovery looks at its journal.
 */
import { problem, type ApplyId, type Problem } from '@fleetmend/shared'
import type { Read, ToolOutput } from '../host/host.ts'
import type { Self } from '../host/self.ts'
import { forPeople } from '../readings/bytes.ts'
import { redactProse } from '../redaction/redact-prose.ts'
import { confinement } from './confinement.ts'

/** Starts a program and waits for its end; the host's own runner. */
export type RunProgram = (run: {
  readonly program: string
  readonly args: readonly string[]
  readonly limitMs: number
}) => Promise<Read<ToolOutput>>

export interface ApplyUnit {
  readonly task: 'apply' | 'rollback'
  readonly id: ApplyId
  /** How this agent runs itself. */
  readonly self: Self
  /** Arguments after `self` that carry the work out, e.g. `internal-apply a-…`. */
  readonly work: readonly string[]
  /** Arguments after `self` that finish what was cut off. */
  readonly recovery: readonly string[]
}

export type Started = { readonly ok: true } | { readonly ok: false; readonly problem: Problem }

export async function startApplyUnit(run: RunProgram, unit: ApplyUnit): Promise<Started> {
  const args = applyUnitArguments(unit)
  if (args === null)
    return notPossible(
      unit,
      `the path of the agent, ${unit.self.program}, has characters that systemd would take for its own`,
    )
  const started = await run({ program: 'systemd-run', args, limitMs: startLimitMs })
  if (!started.ok) return notPossible(unit, started.says)
  return started.value.exitCode === 0
    ? { ok: true }
    : notPossible(
        unit,
        `systemd-run failed with ${started.value.exitCode}: ${redactProse(forPeople(started.value.stderr)).trim()}`,
      )
}

export function applyUnitName({ task, id }: Pick<ApplyUnit, 'task' | 'id'>): string {
  return `fleetmend-${task}-${id}`
}

/** Null when a word could not stand in a unit's command line as it is. */
export function applyUnitArguments({ task, id, self, work, recovery }: ApplyUnit): readonly string[] | null {
  const agent = [self.program, ...self.args]
  const recover = [...agent, ...recovery]
  // systemd splits ExecStopPost= itself and expands % and $ in it.
  if (!recover.every((word) => /^[\w./@:=,+-]+$/.test(word))) return null
  return [
    `--unit=${applyUnitName({ task, id })}`,
    '--collect',
    '--quiet',
    '--no-ask-password',
    '--property=Type=exec',
    // The process that wakes a frozen master must outlive the one that froze it.
    '--property=KillMode=process',
    `--property=TimeoutStopSec=${recoveryLimitS}`,
    `--property=ExecStopPost=${recover.join(' ')}`,
    ...confinement.map((property) => `--property=${property}`),
    '--',
    ...agent,
    ...work,
  ]
}

const startLimitMs = 30_000
/** Recovery may have to watch the host once more before it can say how it went. */
const recoveryLimitS = 900

function notPossible({ task }: ApplyUnit, why: string): Started {
  const { cannot, toDo } = words[task]
  return {
    ok: false,
    problem: problem(
      'apply-not-possible',
      `${cannot}: a change must outlive whoever asked for it, and this host cannot run it in a unit of its own (${why}). Nothing was changed.\n\n${toDo}`,
    ),
  }
}

const words = {
  apply: { cannot: 'Cannot apply', toDo: 'Diagnosing and planning work here; carry the plan out by hand.' },
  rollback: { cannot: 'Cannot roll back', toDo: 'Put the files of the plan back by hand, and reload what reads them.' },
} as const
