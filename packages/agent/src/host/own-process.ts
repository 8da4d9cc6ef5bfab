/** A process of our own that works for this one: it says a line when it is ready, and ends when its input does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { toolEnvironment } from './run-tool.ts'
import type { Self } from './self.ts'

export interface OwnProcess {
  /** Asks it to end. The death of this process does the same. */
  end(): void
}

const startLimitMs = 10_000

/** What it says on its error output goes where ours goes. Throws when it did not get ready. */
export async function startOwnProcess(self: Self, args: readonly string[]): Promise<OwnProcess> {
  const child = spawn(self.program, [...self.args, ...args], {
    env: toolEnvironment,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => undefined)
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended at once (${String(code)})`)))
  failed.catch(() => undefined)
  try {
    await Promise.race([once(child.stdout, 'data', { signal: AbortSignal.timeout(startLimitMs) }), failed])
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  child.stdout.resume()
  return { end: () => child.stdin.end() }
}
