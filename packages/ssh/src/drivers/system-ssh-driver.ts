/**
 * SSH by the system's `ssh`, for what ssh2 lacks: certificates, hardware keys, newer key exchanges, the whole of ssh_config.
 * One process holds the connection for all programs on a host (ControlMaster), which each have a small one of their own.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { problem, safeLine, type Problem } from '@fleetmend/shared'
import type { SshConnection, SshDriver, SshOutcome } from '../ssh-connection.ts'
import type { SshTarget } from '../ssh-target.ts'
import { holdControlSocket, type ControlSocket } from './control-socket.ts'
import { masterConfig } from './master-config.ts'
import { queuedConnection } from './queued-connection.ts'
import { connectTimedOut } from './ssh2-failure.ts'
import { openMuxSession, askingNobody } from './mux-session.ts'
import { systemSshBroke, systemSshFailure } from './system-ssh-failure.ts'

export interface SystemSshOptions {
  /** Whose words hold as far as a target does not say otherwise; what is not there is passed over. */
  readonly configFiles?: readonly string[]
  readonly program?: string
  readonly keepaliveMs?: number
}

/** Without us for so long the master ends itself: time enough to take hold of it after it has connected. */
const persistS = 10

export function systemSshDriver({
  configFiles = ['~/.ssh/config', '/etc/ssh/ssh_config'],
  program = 'ssh',
  keepaliveMs = 10_000,
}: SystemSshOptions = {}): SshDriver {
  return {
    async connect(target, signal) {
      signal.throwIfAborted()
      const folder = await privateFolder()
      const path = (name: string): string => join(folder, name)
      const giveUp = (): Promise<void> => rm(folder, { recursive: true, force: true })
      try {
        const config = masterConfig(target, { program, configFiles, keepaliveMs, folder })
        if (config === null) {
          await giveUp()
          return notAName(target)
        }
        await writeFile(path('config'), config.file, { mode: 0o600 })
        const argv = ['-F', path('config'), '-E', path('log'), ...config.options]
        const master = ['-M', '-S', path('c'), '-N', '-f', '-o', `ControlPersist=${persistS}`, '-T']
        const ran = await runMaster(program, [...argv, ...master, '--', config.destination], target, signal)
        const held = ran.kind === 'connected' ? await holdControlSocket(path('c')) : null
        if (held !== null) return { ok: true, value: overMaster(held, program, folder, target) }
        const said = [await logsIn(folder), ran.said].join('\n')
        await giveUp()
        signal.throwIfAborted()
        return { ok: false, problem: ran.kind === 'problem' ? ran.problem : systemSshFailure(said, target) }
      } catch (error) {
        await giveUp()
        throw error
      }
    },
  }
}

function overMaster(held: ControlSocket, program: string, folder: string, target: SshTarget): SshConnection {
  let endedHere = false
  let broken: Problem | null = null
  const ended = held.closed.then(async () => {
    if (!endedHere) broken = systemSshBroke(await logsIn(folder), target)
    await rm(folder, { recursive: true, force: true })
    return broken
  })
  let sessions = 0
  return queuedConnection({
    target,
    ended,
    broken: () => broken,
    open: (command, closed, signal) =>
      openMuxSession({
        program,
        control: join(folder, 'c'),
        log: join(folder, `s${sessions++}`),
        command,
        closed,
        ended,
        signal,
      }),
    end() {
      endedHere = true
      held.terminate()
    },
  })
}

type MasterRan =
  | { readonly kind: 'connected' | 'failed'; readonly said: string }
  | { readonly kind: 'problem'; readonly said: string; readonly problem: Problem }

/** Until it has logged in and gone to the background, or failed. */
function runMaster(
  program: string,
  argv: readonly string[],
  target: SshTarget,
  signal: AbortSignal,
): Promise<MasterRan> {
  return new Promise((resolve) => {
    // In a session of its own: it has no terminal to ask on.
    const master = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: askingNobody() })
    let said = ''
    let expired = false
    const end = (): void => void master.kill('SIGKILL')
    const limit = setTimeout(() => {
      expired = true
      end()
    }, target.connectLimitMs)
    signal.addEventListener('abort', end, { once: true })
    master.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-mostSaid)))
    const done = (ran: MasterRan): void => {
      clearTimeout(limit)
      signal.removeEventListener('abort', end)
      resolve(ran)
    }
    master.on('error', (error: NodeJS.ErrnoException) =>
      done({
        kind: 'problem',
        said,
        problem: error.code === 'ENOENT' ? noProgram(program) : notStarted(program, error),
      }),
    )
    // Not `close`: what goes to the background may keep standard error.
    master.on('exit', (code) => {
      if (expired) done({ kind: 'problem', said, problem: connectTimedOut(target) })
      else setImmediate(() => done({ kind: code === 0 ? 'connected' : 'failed', said }))
    })
  })
}

const mostSaid = 16 * 1024

/**
 * The name of a socket may have 104 bytes (sun_path, the shortest of all systems), and ssh makes it under a name that is 17
 * longer at first (mux.c). And the name of the folder becomes part of a command.
 */
async function privateFolder(): Promise<string> {
  const fits = Buffer.byteLength(join(tmpdir(), 'fleetmend-XXXXXX', 'c')) + 17 < 104
  const isPlain = /^[\w/.-]+$/.test(tmpdir())
  return mkdtemp(join(fits && isPlain ? tmpdir() : '/tmp', 'fleetmend-'))
}

/** What ssh said, and those that it started for jump hosts: nearest to here first. */
async function logsIn(folder: string): Promise<string> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^log\d*$/.test(name))
  const inOrder = names.toSorted((a, b) => Number(b !== 'log') - Number(a !== 'log') || a.localeCompare(b))
  const texts = await Promise.all(inOrder.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')))
  return texts.join('')
}

function notAName(target: SshTarget): SshOutcome<never> {
  const detail = `${safeLine(target.alias)} holds what no name of a host does.`
  return { ok: false, problem: problem('usage', detail) }
}

function noProgram(program: string): Problem {
  return problem(
    'ssh-no-program',
    `Cannot start ${safeLine(program)}: it is not there. Install OpenSSH's client, or use the SSH that is built in.`,
  )
}

function notStarted(program: string, { message }: Error): Problem {
  return problem('ssh-no-program', `Cannot start ${safeLine(program)}: ${safeLine(message)}.`)
}
