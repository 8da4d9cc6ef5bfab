/** Runs a program of this machine or, through nsenter, of a test host: no shell, a time limit, nothing left behind. */
import { spawn } from 'node:child_process'

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface ToolOptions {
  /** Default: one minute. When it is over, the program and all it started are killed. */
  readonly limitMs?: number
  readonly input?: string | Uint8Array
  /** Of what it prints; `latin1` is byte text. */
  readonly encoding?: 'utf8' | 'latin1'
  readonly env?: Readonly<Record<string, string>>
}

/** Only these reach a program: what a test sees must not depend on who started it. */
export const plainEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  HOME: '/root',
}

/** Ends of output that are kept; a runaway program must not take the test process with it. */
const keptCharacters = 64 * 1024 * 1024

export function runTool(
  argv: readonly string[],
  { limitMs = 60_000, input, encoding = 'utf8', env = {} }: ToolOptions = {},
): Promise<Ran> {
  const [program = '', ...args] = argv
  return new Promise((resolve, reject) => {
    // A process group of its own, so that the limit ends the children too.
    const child = spawn(program, args, { detached: true, env: { ...plainEnvironment, ...env } })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding(encoding).on('data', (text: string) => (stdout = (stdout + text).slice(-keptCharacters)))
    child.stderr.setEncoding(encoding).on('data', (text: string) => (stderr = (stderr + text).slice(-keptCharacters)))
    // A program that ends without reading its input is no failure of ours.
    child.stdin.on('error', () => undefined).end(input)
    let late = false
    const limit = setTimeout(() => {
      late = true
      killGroup(child.pid)
    }, limitMs)
    child.on('error', (error) => {
      clearTimeout(limit)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      if (late) reject(new Error(`${shown(argv)} did not end within ${limitMs / 1000} s\n${stdout}${stderr}`))
      else if (signal === null) resolve({ exitCode: code ?? -1, stdout, stderr })
      else reject(new Error(`${shown(argv)} was ended by ${signal}\n${stdout}${stderr}`))
    })
  })
}

/** `runTool` for setting up, where failing is a bug of the lab or of the test. Answers with what it printed. */
export async function must(argv: readonly string[], options: ToolOptions = {}): Promise<string> {
  const ran = await runTool(argv, options)
  if (ran.exitCode === 0) return ran.stdout
  throw new Error(`${shown(argv)}: exit ${ran.exitCode}\n${ran.stdout}${ran.stderr}`)
}

function shown(argv: readonly string[]): string {
  const line = argv.join(' ')
  return line.length > 200 ? `${line.slice(0, 200)} …` : line
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended in the same moment.
  }
}
