/**
 * Runs a testing program in a mount namespace of its own, in which planned files stand in for live ones and everything
 * the program would write to is a copy (DESIGN D1). The live tree is never touched to find out. The stage is set from
 * outside, with the tools of util-linux: a process of our own in there would take longer to start than all of them.
 */
import type { Read, ToolOutput } from './host.ts'
import { holdNamespace, type HeldNamespace } from './held-namespace.ts'
import { runPrintingToFiles } from './print-to-files.ts'
import { setStage, type Stage } from './stage.ts'

export interface PrivateRun {
  readonly program: string
  readonly args: readonly string[]
  readonly stage: Stage
  readonly limitMs: number
}

export interface PrivateNamespaces {
  run(run: PrivateRun): Promise<Read<ToolOutput>>
}

/** One look asks several programs about the files as they are; they stand on one stage. */
const lingerMs = 500

export function privateNamespaces(): PrivateNamespaces {
  const shared = new Map<string, Shared>()

  function sharedSet(stage: Stage, limitMs: number): Shared {
    const key = JSON.stringify([stage.shadowed, stage.layered])
    const known = shared.get(key)
    if (known) return known
    const made: Shared = {
      set: setNamespace(stage, limitMs),
      users: 0,
      closing: undefined,
      forget: () => shared.delete(key),
    }
    shared.set(key, made)
    return made
  }

  return {
    async run(run) {
      const { stage, limitMs } = run
      // What is planned is for one program's eyes.
      if (stage.planned.size > 0) {
        const set = await setNamespace(stage, limitMs)
        if (!set.ok) return set
        await using namespace = set.value
        return await runInside(namespace, run)
      }
      const entry = sharedSet(stage, limitMs)
      clearTimeout(entry.closing)
      entry.users++
      try {
        const set = await entry.set
        return set.ok ? await runInside(set.value, run) : set
      } finally {
        entry.users--
        if (entry.users === 0) entry.closing = setTimeout(() => void close(entry), lingerMs).unref()
      }
    },
  }
}

interface Shared {
  readonly set: Promise<Read<HeldNamespace>>
  users: number
  closing: NodeJS.Timeout | undefined
  readonly forget: () => void
}

async function close({ set, forget }: Shared): Promise<void> {
  forget()
  const namespace = await set
  if (namespace.ok) await namespace.value[Symbol.asyncDispose]()
}

async function setNamespace(stage: Stage, limitMs: number): Promise<Read<HeldNamespace>> {
  const held = await holdNamespace(limitMs)
  if (!held.ok) return unset(held.says)
  try {
    await setStage(held.value, stage, limitMs)
    return held
  } catch (error) {
    await held.value[Symbol.asyncDispose]()
    return unset(error instanceof Error ? error.message : String(error))
  }
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
