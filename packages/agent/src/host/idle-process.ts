/** For tests: a real process that only waits, and what /proc says of it. It is killed when its scope ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ProcessIdentity } from './host.ts'
import { readOne } from './processes.ts'

export interface IdleProcess extends ProcessIdentity, AsyncDisposable {
  /** The signal that ended it, once it has ended. */
  readonly ended: Promise<NodeJS.Signals | null>
}

export async function idleProcess(program = 'sleep', args: readonly string[] = ['60']): Promise<IdleProcess> {
  const child = spawn(program, args, { argv0: 'sleep', stdio: 'ignore' })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_code, signal) => resolve(signal)))
  await once(child, 'spawn')
  const facts = await readOne(child.pid ?? 0)
  if (!facts.ok) throw new Error(facts.says)
  return {
    pid: facts.value.pid,
    startTicks: facts.value.startTicks,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** One letter as in `/proc/PID/stat`, or `gone`. */
export async function stateOf(pid: number): Promise<string> {
  const facts = await readOne(pid)
  return facts.ok ? facts.value.state : 'gone'
}
