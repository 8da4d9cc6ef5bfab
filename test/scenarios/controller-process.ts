/** `fleetmend controller serve` as a process of its own, as it is installed: what can be killed at any moment. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export interface ControllerProcess {
  readonly pid: number
  /** SIGKILL; returns when it is gone. */
  kill(): Promise<void>
  /** Resolves with its exit code when it ends by itself, or is ended. */
  readonly ended: Promise<number | null>
  /** SIGTERM, as systemd stops it. */
  stop(): Promise<void>
}

export interface ControllerProcessOptions {
  readonly folder: string
  readonly socket: string
  readonly approvers: string
  readonly port: number
  /** Of a PostgreSQL; left out: its store is a file. */
  readonly databaseUrl?: string | undefined
  /** Beside that of this process. */
  readonly env?: NodeJS.ProcessEnv
  readonly log: string[]
  /** Whether it answers by now. */
  readonly answers: () => Promise<boolean>
}

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

export async function controllerProcess(options: ControllerProcessOptions): Promise<ControllerProcess> {
  const { folder, socket, approvers, port, databaseUrl, env: more = {}, log, answers } = options
  const words = ['--socket', socket, 'controller', 'serve', '--data', join(folder, 'data'), '--approvers', approvers]
  const where = ['--listen', `127.0.0.1:${port}`, '--public-url', `wss://127.0.0.1:${port}`, '--name', '127.0.0.1']
  const policy = ['--policy', join(folder, 'fleet-policy')]
  // It starts again and again: what was compiled once is kept.
  const own = { NODE_COMPILE_CACHE: join(folder, 'compiled'), FLEETMEND_DATABASE: databaseUrl ?? '' }
  const env = { ...process.env, ...own, ...more }
  const child = spawn(process.execPath, [main, ...words, ...where, ...policy], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  child.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text.trimEnd()))
  for (let attempt = 0; !(await answers()); attempt++) {
    if (attempt >= 1200 || child.exitCode !== null)
      throw new Error(`The controller does not answer:\n${log.slice(-20).join('\n')}`)
    await sleep(25)
  }
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    child.kill(signal)
    await ended
  }
  return { pid: child.pid ?? 0, ended, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
}
