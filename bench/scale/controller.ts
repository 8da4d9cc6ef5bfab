/** `fleetmend controller serve` over a fleet that was made for it, as a process of its own that can be killed. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../test/lab/free-port.ts'
import { controllerProcess, type ControllerProcess } from '../../test/scenarios/controller-process.ts'
import { watcherAt, type Watcher } from './watcher.ts'

export interface Controller {
  readonly url: string
  readonly dataFolder: string
  /** The private key of the one approver, and the list with them in it. */
  readonly key: string
  readonly approvers: string
  readonly pid: () => number
  readonly log: readonly string[]
  /** Where its profile is written (`look-inside.ts`). */
  readonly inside: string
  start(): Promise<Watcher>
  kill(): Promise<void>
}

export async function controllerIn(folder: string): Promise<Controller> {
  const port = await freePort()
  const socket = join(folder, 'controller.sock')
  const key = join(folder, 'olivia')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'olivia', '-f', key])
  const approvers = `olivia ${readFileSync(`${key}.pub`, 'utf8')}`
  const list = join(folder, 'approvers')
  writeFileSync(list, approvers)
  const log: string[] = []
  const inside = join(folder, 'inside.json')
  const hook = fileURLToPath(new URL('look-inside.ts', import.meta.url))
  const env = { NODE_OPTIONS: `--import ${hook}`, FLEETMEND_LOOK_INSIDE: inside }
  let running: ControllerProcess | null = null
  process.once('exit', () => {
    if (running) process.kill(running.pid, 'SIGKILL')
  })
  return {
    url: `wss://127.0.0.1:${port}`,
    dataFolder: join(folder, 'data'),
    key,
    approvers,
    ...{ log, inside },
    pid: () => running?.pid ?? 0,
    async start() {
      const answers = async (): Promise<boolean> => {
        const watcher = watcherAt(socket)
        try {
          return Boolean(await watcher.ask((api) => api.hello.query()))
        } catch {
          return false
        } finally {
          watcher.close()
        }
      }
      running = await controllerProcess({ folder, socket, approvers: list, port, log, answers, env })
      return watcherAt(socket)
    },
    async kill() {
      await running?.kill()
      running = null
    },
  }
}
