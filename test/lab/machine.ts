/** Switches a test host on and off: the processes around `systemd-nspawn`, and the pid by which the host is entered. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { HostSpec } from './become-host.ts'
import { systemdIsHere } from './cgroups.ts'
import { childrenOf, commOf } from './processes.ts'
import { plainEnvironment } from './tool.ts'

export interface Machine {
  /** The host's PID 1, as this machine numbers it. */
  readonly leaderPid: number
  /** Resolves when the host is off and nothing of it runs any more. */
  readonly off: Promise<void>
  /** Off at once, as when the cord is pulled. */
  cutPower(): Promise<void>
}

const becomeHost = fileURLToPath(new URL('become-host.ts', import.meta.url))
const startLimitMs = 20_000

export async function startMachine(spec: HostSpec): Promise<Machine> {
  mkdirSync(spec.folder, { recursive: true })
  const consoleLog = join(spec.folder, 'console.log')
  const output = openSync(consoleLog, 'a')
  const [program = '', ...args] = commandFor(spec)
  const container = spawn(program, args, { stdio: ['ignore', output, output], env: plainEnvironment })
  closeSync(output)
  const off = new Promise<void>((resolve) => container.once('exit', () => resolve()))
  try {
    const leaderPid = await leaderOf(container)
    return { leaderPid, off, cutPower: () => end(leaderPid, container, off) }
  } catch (error) {
    await end(container.pid ?? 0, container, off)
    throw new Error(`${spec.name} did not start: ${readFileSync(consoleLog, 'utf8').slice(-2000)}`, { cause: error })
  }
}

function commandFor(spec: HostSpec): readonly string[] {
  const scope = [
    'systemd-run',
    '--scope',
    '--quiet',
    '--collect',
    '--property=Delegate=yes',
    `--unit=${spec.scope}`,
    '--',
  ]
  // From here to the host each process dies with the one before it, so a killed test leaves no host behind.
  const tied = ['setpriv', '--pdeathsig', 'KILL', '--', 'unshare', '--kill-child=KILL']
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--mount-proc', '--']
  return [...(systemdIsHere ? scope : []), ...tied, ...namespaces, process.execPath, becomeHost, JSON.stringify(spec)]
}

/** setpriv → unshare → nspawn → the host's systemd. */
async function leaderOf(container: ChildProcess): Promise<number> {
  for (const endMs = Date.now() + startLimitMs; Date.now() < endMs; await sleep(10)) {
    if (container.exitCode !== null || container.signalCode !== null) throw new Error('systemd-nspawn ended')
    const nspawn = childrenOf(container.pid ?? 0)[0]
    const leader = nspawn === undefined ? undefined : childrenOf(nspawn).find((pid) => commOf(pid) === 'systemd')
    if (leader !== undefined) return leader
  }
  throw new Error(`there was no systemd after ${startLimitMs / 1000} s`)
}

async function end(pid: number, container: ChildProcess, off: Promise<void>): Promise<void> {
  if (container.exitCode !== null || container.signalCode !== null || container.pid === undefined) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It went off by itself in this moment.
  }
  await off
}
