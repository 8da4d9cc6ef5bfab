/**
 * Runs one program: an argv, never a shell; a fixed PATH, the C locale and UTC; a time limit after which the whole process
 * group is killed; a bound on what it may print. What went wrong is a value.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Read, ToolOutput } from './host.ts'

export interface ToolRun {
  readonly program: string
  readonly args: readonly string[]
  readonly limitMs: number
  readonly limitBytes?: number
  /** Given on standard input; a function is asked for it once the program runs. Without it there is none. */
  readonly input?: string | ((pid: number) => Promise<string>)
  /** File descriptors that it prints to instead; then nothing of it is in the answer. */
  readonly printsTo?: { readonly stdout: number; readonly stderr: number }
}

const defaultLimitBytes = 8 * 1024 * 1024
/** Where Debian, RHEL and Arch keep what is asked for; nothing that users can write to. */
const toolPath = '/usr/sbin:/usr/bin:/sbin:/bin'

export const toolEnvironment = {
  PATH: toolPath,
  LC_ALL: 'C',
  TZ: 'UTC',
  SYSTEMD_COLORS: '0',
  SYSTEMD_PAGER: '',
} as const

export function runTool(run: ToolRun): Promise<Read<ToolOutput>> {
  return new Promise((resolve) => {
    const cannotRun = (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'missing' : 'failed'
      const says = why === 'missing' ? `${name(run)} is not installed` : `${name(run)} cannot be run: ${error.message}`
      resolve({ ok: false, why, says })
    }
    let child: ChildProcess
    try {
      child = spawn(run.program, run.args, {
        detached: true,
        env: toolEnvironment,
        stdio: [
          run.input === undefined ? 'ignore' : 'pipe',
          run.printsTo?.stdout ?? 'pipe',
          run.printsTo?.stderr ?? 'pipe',
        ],
      })
    } catch (error) {
      // Arguments that are too long or hold a NUL, a path through a file: node throws these.
      return cannotRun(error as NodeJS.ErrnoException)
    }
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    let bytes = 0
    let ended: Read<ToolOutput> | undefined
    const limit = setTimeout(
      () => stop({ ok: false, why: 'timed-out', says: `${name(run)} gave no answer in ${run.limitMs / 1000} s` }),
      run.limitMs,
    )

    const stop = (because: Read<ToolOutput>) => {
      ended ??= because
      killGroup(child.pid)
      // Whoever left the group may hold the pipes open for ever.
      child.stdout?.destroy()
      child.stderr?.destroy()
    }
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > (run.limitBytes ?? defaultLimitBytes))
        stop({ ok: false, why: 'too-big', says: `${name(run)} printed too much` })
      else into.push(chunk)
    }
    child.stdout?.on('data', collect(output.stdout))
    child.stderr?.on('data', collect(output.stderr))
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(limit)
      cannotRun(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      const done: Read<ToolOutput> =
        code === null
          ? { ok: false, why: 'failed', says: `${name(run)} was killed by ${signal}` }
          : { ok: true, value: { exitCode: code, stdout: textOf(output.stdout), stderr: textOf(output.stderr) } }
      resolve(ended ?? done)
    })
    if (run.input !== undefined) {
      // A program that ends before it has read all says so by its exit code.
      child.stdin?.on('error', () => undefined)
      void inputOf(run.input, child.pid).then((input) => child.stdin?.end(input))
    }
  })
}

/** Nothing where it cannot be had: what the program says of that counts. */
async function inputOf(input: NonNullable<ToolRun['input']>, pid: number | undefined): Promise<string> {
  if (typeof input === 'string') return input
  return pid === undefined ? '' : input(pid).catch(() => '')
}

function name(run: ToolRun): string {
  return run.program.split('/').at(-1) ?? run.program
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone already.
  }
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('latin1')
}
