/**
 * A controller on this machine and agents on a lab's hosts, set up as people would: the built commands, a join token per
 * host, an approver's key, the packaged unit. The controller is a process of its own, so that it can be killed.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Run, RunView } from '@fleetmend/shared'
import type { LiveHost } from './live-host.ts'
import { must, runTool, type Ran, type ToolOptions } from './tool.ts'
import { until } from './until.ts'

const command = fileURLToPath(new URL('../../dist/fleetmend.cjs', import.meta.url))
const agentUnit = fileURLToPath(new URL('../../packaging/systemd/fleetmend-agent.service', import.meta.url))
const port = 7443

export interface Fleet extends AsyncDisposable {
  /** Holds the controller's data, its socket and the approver's key; gone when the fleet is closed. */
  readonly folder: string
  readonly socket: string
  /** The approver's private key; every host of this fleet takes its signatures. */
  readonly key: string
  /** As `argv` for those who run the command line themselves. */
  commandLine(args: readonly string[]): readonly string[]
  cli(args: readonly string[], options?: ToolOptions): Promise<Ran>
  /** As `runs show` tells of it. */
  newestRun(): Promise<RunView>
  startController(): Promise<void>
  /** SIGKILL: nothing is closed in order. */
  killController(): Promise<void>
  /** The agent as its package brings it, with the approvers of this fleet; it does not serve yet. */
  install(host: LiveHost): Promise<void>
  /** Installs the agent, lets it in, and waits until it is connected. */
  add(host: LiveHost, labels?: readonly string[]): Promise<void>
}

/** `address`: of this machine, on the hosts' network. `serving`: further words of `controller serve`. */
export async function openFleet(address: string, serving: readonly string[] = []): Promise<Fleet> {
  if (!existsSync(command)) throw new Error('There is no dist/fleetmend.cjs. Make it:\n    pnpm build')
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-fleet-'))
  const socket = join(folder, 'controller.sock')
  const key = join(folder, 'approver')
  const approvers = join(folder, 'approvers')
  const log = join(folder, 'controller.log')
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'olivia', '-f', key])
  writeFileSync(approvers, `olivia ${readFileSync(`${key}.pub`, 'utf8')}`)
  chmodSync(approvers, 0o644)
  let controller: ChildProcess | undefined

  const commandLine: Fleet['commandLine'] = (args) => [process.execPath, command, '--socket', socket, ...args]
  const cli: Fleet['cli'] = (args, options) => runTool(commandLine(args), { limitMs: 180_000, ...options })
  const connected = async (name: string): Promise<boolean> => {
    const ran = await cli(['hosts', 'list', '--json'])
    if (ran.exitCode !== 0) return false
    const { hosts } = JSON.parse(ran.stdout) as { hosts: readonly { id: string; connected: boolean }[] }
    return hosts.some((host) => host.id === name && host.connected)
  }

  const fleet: Fleet = {
    folder,
    socket,
    key,
    commandLine,
    cli,
    newestRun: async () => {
      const { runs } = JSON.parse((await cli(['runs', 'list', '--json'])).stdout) as { runs: readonly Run[] }
      return JSON.parse((await cli(['runs', 'show', runs[0]!.id, '--json'])).stdout) as RunView
    },
    startController: async () => {
      const output = openSync(log, 'a')
      const serve = ['controller', 'serve', '--data', join(folder, 'data'), '--approvers', approvers]
      const where = ['--listen', `${address}:${port}`, '--public-url', `wss://${address}:${port}`]
      // It dies with this process, so that a killed test leaves no controller behind.
      const args = ['--pdeathsig', 'KILL', '--', ...commandLine([...serve, ...where, ...serving])]
      controller = spawn('setpriv', args, { stdio: ['ignore', output, output] })
      closeSync(output)
      const says = () => `the controller to answer:\n${readFileSync(log, 'utf8').slice(-2000)}`
      await until(async () => (await cli(['hosts', 'list', '--json'])).exitCode === 0, says)
    },
    killController: async () => {
      await end(controller, 'SIGKILL')
      controller = undefined
    },
    install: async (host) => {
      await host.installAgent()
      await host.must(['mkdir', '-p', '/etc/fleetmend'])
      await host.writeFile('/etc/fleetmend/approvers', readFileSync(approvers))
      await host.writeFile('/etc/systemd/system/fleetmend-agent.service', readFileSync(agentUnit))
      await host.must(['systemctl', 'daemon-reload'])
    },
    add: async (host, labels = []) => {
      await fleet.install(host)
      const invited = await cli([
        'hosts',
        'invite',
        '--host',
        host.name,
        ...labels.flatMap((each) => ['--label', each]),
      ])
      if (invited.exitCode !== 0) throw new Error(`hosts invite: ${invited.stderr}`)
      await host.must(['fleetmend-agent', 'enrol', '--host', host.name, '-'], { input: invited.stdout })
      await host.must(['systemctl', 'enable', '--now', '--quiet', 'fleetmend-agent'])
      await until(() => connected(host.name), `${host.name} to be connected`)
    },
    [Symbol.asyncDispose]: async () => {
      await end(controller, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await fleet.startController()
  return fleet
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}
