/** The handle of one test host: looks at it and breaks it from inside as root, asks it from outside as a customer. */
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { installAgent } from './agent-bundle.ts'
import type { HostSpec } from './become-host.ts'
import { get, type Answer, type GetOptions } from './http-get.ts'
import { startLoad, type Load, type LoadOptions } from './load.ts'
import { startMachine, type Machine } from './machine.ts'
import { takeSnapshot, type Snapshot } from './snapshot.ts'
import { runTool, type Ran, type ToolOptions } from './tool.ts'

export interface LiveHost extends AsyncDisposable {
  readonly name: string
  readonly address: string
  /** The host's PID 1, as this machine numbers it. */
  readonly leaderPid: number
  /** Runs a program inside, as root, without a shell. */
  run(argv: readonly string[], options?: ToolOptions): Promise<Ran>
  /** `run` where failing is a bug of the test; answers with what it printed. */
  must(argv: readonly string[], options?: ToolOptions): Promise<string>
  readFile(path: string): Promise<string>
  /** Changes the bytes and keeps mode and owner, as an editor does that writes in place. */
  writeFile(path: string, text: string | Uint8Array): Promise<void>
  /** A GET through nginx, from outside. */
  curl(path: string, options?: GetOptions): Promise<Answer>
  /** The status of a GET through nginx, from outside; 0 when there was no whole answer. */
  status(path: string): Promise<number>
  load(options: LoadOptions): Load
  snapshot(paths: readonly string[]): Promise<Snapshot>
  /** As a package would: the bundle, and `fleetmend-agent` on the PATH. */
  installAgent(): Promise<void>
  agent(...args: readonly string[]): Promise<Ran>
  powerOn(): Promise<void>
  /** Shuts down in order. */
  powerOff(): Promise<void>
  /** Off at once, with nothing said to anybody. The disk is kept. */
  cutPower(): Promise<void>
}

const bootLimitMs = 30_000

export function liveHost(address: string, spec: HostSpec): LiveHost {
  let machine: Machine | undefined

  const leaderPid = (): number => {
    if (machine === undefined) throw new Error(`${spec.name} is switched off.`)
    return machine.leaderPid
  }
  const inside = (argv: readonly string[]): readonly string[] => [
    'nsenter',
    '-t',
    String(leaderPid()),
    '-a',
    '--',
    ...argv,
  ]
  const run = async (argv: readonly string[], options?: ToolOptions): Promise<Ran> => runTool(inside(argv), options)
  const must = async (argv: readonly string[], options?: ToolOptions): Promise<string> => {
    const ran = await run(argv, options)
    if (ran.exitCode === 0) return ran.stdout
    throw new Error(`${spec.name}: ${argv.join(' ')}: exit ${ran.exitCode}\n${ran.stdout}${ran.stderr}`)
  }
  const off = async (how: (running: Machine) => Promise<void>): Promise<void> => {
    const running = machine
    machine = undefined
    if (running) await how(running)
  }

  return {
    name: spec.name,
    address,
    get leaderPid() {
      return leaderPid()
    },
    run,
    must,
    readFile: (path) => must(['cat', '--', path]),
    writeFile: async (path, text) => void (await must(['dd', `of=${path}`, 'status=none'], { input: text })),
    curl: (path, options) => get(address, path, options),
    status: async (path) => {
      const answer = await get(address, path)
      return answer.kind === 'answered' ? answer.status : 0
    },
    load: (options) => startLoad(address, options),
    snapshot: (paths) => takeSnapshot(run, paths),
    installAgent: () => installAgent(must),
    agent: (...args) => run(['/usr/bin/fleetmend-agent', ...args], { limitMs: 180_000 }),
    powerOn: async () => {
      machine = await startMachine(spec)
      await connect(machine, address)
      await untilServing(run, address, spec)
    },
    powerOff: async () => {
      await must(['systemctl', 'poweroff'])
      await off((running) => running.off)
    },
    cutPower: () => off((running) => running.cutPower()),
    [Symbol.asyncDispose]: async () => {
      await off((running) => running.cutPower())
      // Its disk: a lab may have hundreds of hosts, one after the other.
      await rm(spec.folder, { recursive: true, force: true })
    },
  }
}

/** Gives the host its address; it has no way out of the lab's network. */
async function connect({ leaderPid }: Machine, address: string): Promise<void> {
  const input = `addr add ${address}/24 dev host0\nlink set host0 up\n`
  const ran = await runTool(['nsenter', '-t', String(leaderPid), '-n', '--', 'ip', '-batch', '-'], { input })
  if (ran.exitCode !== 0) throw new Error(`Cannot give the host its address: ${ran.stderr}`)
}

/** Up means: systemd has started all it is going to start, and nginx answers, whatever it answers. */
async function untilServing(run: LiveHost['run'], address: string, spec: HostSpec): Promise<void> {
  let last = 'systemd did not answer'
  for (const endMs = Date.now() + bootLimitMs; Date.now() < endMs; await sleep(20)) {
    const system = await run(['systemctl', 'is-system-running', '--wait'], { limitMs: bootLimitMs })
    last = `systemd is ${system.stdout.trim() || system.stderr.trim()}`
    if (!/^(running|degraded)/.test(system.stdout)) continue
    const answer = await get(address, '/', { limitMs: 2000 })
    if (answer.kind === 'answered') return
    last = `nginx does not answer: ${answer.why}`
  }
  const log = readFileSync(join(spec.folder, 'console.log'), 'utf8')
  const journal = await run(['journalctl', '-b', '--no-pager', '-n', '40'])
  throw new Error(`${spec.name} is not up after ${bootLimitMs / 1000} s: ${last}\n${log.slice(-2000)}${journal.stdout}`)
}
