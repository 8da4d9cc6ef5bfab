/** One program over the connection that our ssh master holds: an `ssh` of its own, which hands on its streams. */
import { spawn } from 'node:child_process'
import { existsSync, watch, type FSWatcher } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import type { Problem } from '@fleetmend/shared'
import type { SshExit } from '../ssh-connection.ts'
import { holdControlSocket } from './control-socket.ts'
import { programStream } from './program-stream.ts'
import type { Opened } from './queued-connection.ts'

export interface MuxSession {
  readonly program: string
  readonly control: string
  /** A file for what this ssh itself says: its standard error is the program's. */
  readonly log: string
  readonly command: string
  readonly closed: () => void
  readonly ended: Promise<Problem | null>
  readonly signal: AbortSignal | undefined
}

/** Its environment may not have it ask anybody. */
export function askingNobody(): NodeJS.ProcessEnv {
  return { ...process.env, SSH_ASKPASS_REQUIRE: 'never' }
}

const untold: SshExit = { code: null, signal: null, problem: null }

export async function openMuxSession({
  program,
  control,
  log,
  command,
  closed,
  ended,
  signal,
}: MuxSession): Promise<Opened> {
  await writeFile(log, '', { mode: 0o600 })
  const argv = [
    // The master has read the configuration; a client that finds none there must not make a connection of its own.
    ...['-F', 'none', '-S', control, '-o', 'ProxyCommand=false', '-o', 'BatchMode=yes'],
    ...['-E', log, '-o', 'LogLevel=DEBUG2', '-T', '-e', 'none', '--', 'fleetmend', command],
  ]
  const [file = program, ...words] = endingWithUs([program, ...argv])
  const ssh = spawn(file, words, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: askingNobody() })
  const said = opening(log)
  const {
    stdio,
    outputEnded,
    closed: inputClosed,
  } = programStream({
    output: ssh.stdout,
    input: ssh.stdin,
    close() {
      // Its output would stay open for as long as the master keeps its half of it.
      ssh.kill('SIGTERM')
      ssh.stdout.destroy()
      ssh.stderr.destroy()
    },
  })
  ssh.stdin.on('error', () => {})
  const abort = (): void => void stdio.destroy(signal?.reason as Error)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })

  const over = new Promise<{ readonly exit: SshExit; readonly refused: string | null }>((resolve) => {
    ssh.on('error', (error) => resolve({ exit: untold, refused: error.message }))
    // The end of its output alone says little: it is the same where the master was cut off.
    ssh.on('close', (code, killedBy) => {
      signal?.removeEventListener('abort', abort)
      void how(code, killedBy).then((how) => {
        const { problem } = how.exit
        const cut = problem && new Error(problem.detail)
        outputEnded(cut)
        inputClosed(cut)
        closed()
        resolve(how)
      })
    })
  })
  /** 255 is how ssh ends when something is wrong with the connection, and how a program may end (ssh(1), EXIT STATUS). */
  async function how(code: number | null, killedBy: string | null) {
    const words = await said.end()
    if (/^debug2: Received exit status from master/m.test(words)) return { exit: { ...untold, code }, refused: null }
    const refused = /session request failed: .*|Control socket connect.*/.exec(words)
    if (refused) return { exit: untold, refused: refused[0] }
    if (killedBy !== null || stdio.destroyed) return { exit: untold, refused: null }
    // The program was killed by a signal, which a master tells nobody; or the master is gone.
    const master = await holdControlSocket(control)
    master?.release()
    return { exit: master === null ? { ...untold, problem: await ended } : untold, refused: null }
  }
  const first = await Promise.race([said.opened, over])
  if (first?.refused) return { ok: false, says: first.refused }
  return { ok: true, value: { stdio, stderr: ssh.stderr, exited: over.then(({ exit }) => exit) } }
}

/**
 * A program that reads nothing would hold its session, and with it the master, when we are killed. Where there is no setpriv
 * (util-linux), it does until it ends by itself.
 */
function endingWithUs(argv: readonly string[]): readonly string[] {
  return existsSync(setpriv) ? [setpriv, '--pdeathsig', 'TERM', '--', ...argv] : argv
}

const setpriv = '/usr/bin/setpriv'

/** Reads along in the file until the session is open. */
function opening(log: string): { readonly opened: Promise<null>; readonly end: () => Promise<string> } {
  let watcher: FSWatcher | undefined
  const opened = new Promise<null>((resolve) => {
    const look = (): void =>
      void readFile(log, 'utf8').then(
        (text) => {
          if (!text.includes('master session id')) return
          watcher?.close()
          resolve(null)
        },
        () => {},
      )
    watcher = watch(log, look)
    watcher.on('error', () => {})
    look()
  })
  return {
    opened,
    async end() {
      watcher?.close()
      const text = await readFile(log, 'utf8').catch(() => '')
      await rm(log, { force: true })
      return text
    },
  }
}
