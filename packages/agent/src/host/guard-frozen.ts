/**
 * A second process that wakes a frozen master, and workers of it that stand still, when the first one ends, however it
 * ends, or when time is up (DESIGN D7): no crash of the agent can leave PHP-FPM frozen.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ProcessIdentity, Read } from './host.ts'
import { readProcesses } from './processes.ts'
import type { Self } from './self.ts'
import { sendSignal } from './signals.ts'

export const thawCommand = 'internal-thaw'
const readyLimitMs = 10_000

export async function guardFrozen(
  self: Self,
  master: ProcessIdentity,
  limitMs: number,
): Promise<Read<{ release(): Promise<void> }>> {
  // Its own process group, so that what is sent to ours does not reach it.
  const child = spawn(
    self.program,
    [...self.args, thawCommand, String(master.pid), String(master.startTicks), String(limitMs)],
    {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  )
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  try {
    const ready = once(child.stdout, 'data', { signal: AbortSignal.timeout(readyLimitMs) })
    await Promise.race([ready, ended.then(() => Promise.reject(new Error('it ended at once')))])
  } catch {
    child.kill('SIGKILL')
    return { ok: false, why: 'failed', says: 'the process that guards the frozen master did not start' }
  }
  // It waits for us to end, so nothing of it may keep us from ending.
  child.stdout.destroy()
  child.unref()
  return {
    ok: true,
    value: {
      release: async () => {
        child.ref()
        child.stdin.end()
        await ended
      },
    },
  }
}

/** Waits for its standard input to close (the parent ended or let go), for the limit, or for SIGTERM; then thaws. */
export async function runThawChild(args: readonly string[]): Promise<number> {
  const [pid = 0, startTicks = 0, limitMs = 0] = args.map(Number)
  const { promise: thaw, resolve } = Promise.withResolvers<void>()
  process.stdin.on('end', resolve).on('error', resolve).resume()
  process.on('SIGTERM', resolve)
  const limit = setTimeout(resolve, limitMs)
  process.stdout.write('ready\n')
  await thaw
  clearTimeout(limit)
  sendSignal({ pid, startTicks }, 'SIGCONT')
  await wakeChildren(pid)
  // Its work is done; a parent that never lets go would keep it.
  process.stdin.destroy()
  return 0
}

async function wakeChildren(pid: number): Promise<void> {
  const processes = await readProcesses()
  if (!processes.ok) return
  for (const child of processes.value) if (child.parentPid === pid && child.state === 'T') sendSignal(child, 'SIGCONT')
}
