/** A process of its own that listens on one of our unix sockets, or dials out, and says how much it holds: so that what it keeps is its alone. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Identity } from '../../packages/agent/src/state/identity.ts'

export type Listener = 'agent' | 'controller'

export interface Holding {
  readonly heapBytes: number
  readonly residentBytes: number
  /** Open files, sockets among them. */
  readonly files: number
  /** What it had to say of itself that should not be. */
  readonly bugs: readonly string[]
}

export interface HoldingProcess extends AsyncDisposable {
  /** After it has cleaned up. */
  holds(): Promise<Holding>
}

export interface ListeningProcess extends HoldingProcess {
  readonly socketPath: string
}

export async function listeningProcess(listener: Listener): Promise<ListeningProcess> {
  const { said, process } = await startedChild([listener])
  return { ...process, socketPath: said }
}

/** An agent that dials the controller of its identity, and again at once whenever the line has ended. */
export async function diallingProcess(identity: Identity): Promise<HoldingProcess> {
  const { process } = await startedChild(['dialling-agent', JSON.stringify(identity)])
  return process
}

async function startedChild([role = '', ...more]: readonly string[]): Promise<{
  readonly said: string
  readonly process: HoldingProcess
}> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-listens-'))
  const program = new URL('listening-child.ts', import.meta.url)
  const child = fork(program, [role, folder, ...more], { execArgv: ['--expose-gc'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const answer = async (): Promise<unknown> => {
    const [said] = await Promise.race([
      once(child, 'message'),
      ended.then((code) => Promise.reject(new Error(`It ended with ${String(code)}.`))),
    ])
    return said
  }
  const said = String(await answer())
  const process: HoldingProcess = {
    async holds() {
      child.send('what do you hold?')
      return (await answer()) as Holding
    },
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return { said, process }
}
