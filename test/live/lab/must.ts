/** Runs a program of this machine and throws with what it said when it fails: for setting up, where failing is a bug. */
import { spawnSync } from 'node:child_process'

export function must(program: string, args: readonly string[], { limitMs = 30_000 } = {}): string {
  const done = spawnSync(program, args, { encoding: 'utf8', timeout: limitMs, maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'pipe'] })
  if (done.status === 0) return done.stdout
  throw new Error(`${program} ${args.join(' ')}: ${done.error?.message ?? `exit ${done.status}`}\n${done.stdout}${done.stderr}`)
}
