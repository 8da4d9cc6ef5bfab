/**
 * Runs a testing program in a mount namespace of its own, in which planned files stand in for live ones and everything
 * the program would write to is a copy (DESIGN D1). The live tree is never touched to find out. The stage is set from
 * outside, with the tools of util-linux: a process of our own in there would take longer to start than all of them.
 */
import type { Read, ToolOutput } from './host.ts'
import { holdNamespace, type HeldNamespace } from './held-namespace.ts'
import { runPrintingToFiles } from './print-to-files.ts'
import { prepareStage, type Stage } from './stage.ts'

export interface PrivateRun {
  readonly program: string
  readonly args: readonly string[]
  readonly stage: Stage
  /** Put over live files that say the same in more bytes; where that cannot be done, those are read. */
  readonly abridged?: ReadonlyMap<string, Uint8Array>
  readonly limitMs: number
}

export interface PrivateNamespaces {
  run(run: PrivateRun): Promise<Read<ToolOutput>>
}

/** One look asks several programs about the files as they are; they stand on one stage. */
const lingerMs = 500

export function privateNamespaces(): PrivateNamespaces {
  const shared = new Map<string, Shared>()

  function sharedBy({ stage, abridged = new Map(), limitMs }: PrivateRun): Shared | null {
    const key = JSON.stringify([stage.shadowed, stage.layered])
    const known = shared.get(key)
    if (known) return shows(known, abridged) ? known : null
    const made: Shared = {
      set: setNamespace(stage, limitMs, abridged),
      covered: abridged,
      users: 0,
      closing: undefined,
      forget: () => shared.delete(key),
    }
    shared.set(key, made)
    return made
  }

  return {
    async run(run) {
      // What is planned is for one program's eyes.
      const entry = run.stage.planned.size > 0 ? null : sharedBy(run)
      if (!entry) return await runApart(run)
      clearTimeout(entry.closing)
      entry.users++
      try {
        const set = await entry.set
        return set.ok ? await runInside(set.value, run) : set
      } finally {
        entry.users--
        if (entry.users === 0) entry.closing = setTimeout(() => void forget(entry), lingerMs).unref()
      }
    },
  }
}

interface Shared {
  readonly set: Promise<Read<HeldNamespace>>
  /** What stands in for live files on it. */
  readonly covered: ReadonlyMap<string, Uint8Array>
  users: number
  closing: NodeJS.Timeout | undefined
  readonly forget: () => void
}

function shows({ covered }: Shared, abridged: ReadonlyMap<string, Uint8Array>): boolean {
  return [...abridged].every(([path, bytes]) => {
    const shown = covered.get(path)
    return shown !== undefined && Buffer.compare(shown, bytes) === 0
  })
}

async function runApart(run: PrivateRun): Promise<Read<ToolOutput>> {
  const set = await setNamespace(run.stage, run.limitMs, run.abridged ?? new Map())
  if (!set.ok) return set
  using namespace = set.value
  return await runInside(namespace, run)
}

async function forget({ set, forget: remove }: Shared): Promise<void> {
  remove()
  const namespace = await set
  if (namespace.ok) namespace.value[Symbol.dispose]()
}

async function setNamespace(
  stage: Stage,
  limitMs: number,
  covered: ReadonlyMap<string, Uint8Array>,
): Promise<Read<HeldNamespace>> {
  try {
    const prepared = await prepareStage(stage, covered, limitMs)
    const held = await holdNamespace(prepared.table, limitMs)
    if (held.ok)
      return { ok: true, value: { inside: held.value.inside, [Symbol.dispose]: () => close(held.value, prepared) } }
    prepared[Symbol.dispose]()
    // What would only be quicker to read is no reason to see nothing.
    return covered.size > 0 ? await setNamespace(stage, limitMs, new Map()) : unset(held.says)
  } catch (error) {
    return unset(error instanceof Error ? error.message : String(error))
  }
}

function close(...parts: readonly Disposable[]): void {
  for (const part of parts) part[Symbol.dispose]()
}

async function runInside({ inside }: HeldNamespace, { program, args, limitMs }: PrivateRun): Promise<Read<ToolOutput>> {
  const ran = await runPrintingToFiles({ program: 'nsenter', args: [...inside, program, ...args], limitMs })
  // 127: nsenter could not become the program.
  if (ran.ok && ran.value.exitCode === 127 && ran.value.stderr.startsWith('nsenter: '))
    return { ok: false, why: 'failed', says: ran.value.stderr.trim().slice(0, 500) }
  return ran
}

function unset(says: string): Read<never> {
  return { ok: false, why: 'failed', says: `no private view of the files could be made: ${says.trim().slice(0, 500)}` }
}
