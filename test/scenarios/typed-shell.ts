/** A real shell on a real terminal, somebody's keys in it, and which commands it ran in the end, word by word. */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The command line, as sources. */
export const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

export type ShellName = 'bash' | 'zsh'

export interface TypedShell extends Disposable {
  /** Where the shell is, with nothing in it but what a test puts there. */
  readonly folder: string
  /** Types these lines; the words of each `fleetmend` that was run by them. */
  type(shell: ShellName, lines: readonly string[]): Promise<readonly (readonly string[])[]>
}

export function programOfShell(shell: ShellName): string | null {
  return ['/usr/bin', '/bin'].map((folder) => join(folder, shell)).find((path) => existsSync(path)) ?? null
}

/** `answers`: in place of the program's own, for what the scripts do with an answer that is not as it should be. */
export function typedShell(socket: string, answers?: string): TypedShell {
  const base = mkdtempSync(join(tmpdir(), 'fleetmend-shell-'))
  const folder = join(base, 'here')
  const seen = join(base, 'seen')
  for (const each of [folder, join(base, 'bin')]) mkdirSync(each)
  writeFileSync(join(base, 'answers'), answers ?? '')
  const answering = answers === undefined ? `exec '${process.execPath}' '${main}' "$@"` : `exec cat '${base}/answers'`
  // What is asked while somebody types is really asked; what they run in the end is written down.
  writeFileSync(
    join(base, 'bin/fleetmend'),
    `#!/bin/sh\ncase $1 in\n  completion) exec '${process.execPath}' '${main}' "$@" ;;\n  complete) ${answering} ;;\nesac\nfor word; do printf '%s\\0' "$word"; done >> '${seen}'\nprintf '\\n' >> '${seen}'\n`,
  )
  chmodSync(join(base, 'bin/fleetmend'), 0o755)
  writeFileSync(
    join(base, 'bashrc'),
    "source <(fleetmend completion bash)\nbind 'set bell-style none'\nPS1='ready> '\n",
  )
  writeFileSync(
    join(base, '.zshrc'),
    "autoload -Uz compinit\ncompinit -u -D\nsource <(fleetmend completion zsh)\nunsetopt beep\nPS1='ready> '\n",
  )
  const environment = {
    PATH: `${join(base, 'bin')}:/usr/bin:/bin`,
    HOME: base,
    ZDOTDIR: base,
    TERM: 'xterm',
    LC_ALL: 'C.UTF-8',
    FLEETMEND_SOCKET: socket,
  }
  const started = { bash: `bash --noprofile --rcfile '${base}/bashrc' -i`, zsh: 'zsh -i' }
  return {
    folder,
    async type(shell, lines) {
      rmSync(seen, { force: true })
      await session(started[shell], lines, folder, environment)
      if (!existsSync(seen)) return []
      const ran = readFileSync(seen, 'utf8').split('\0\n').slice(0, -1)
      return ran.map((words) => words.split('\0'))
    },
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  }
}

/** For a shell that waits for something that nobody types. */
const longestMs = 60_000

/** Nothing is typed before the shell asks for it; keys come one after the other, so the last ones wait for the first. */
function session(
  command: string,
  lines: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd, env })
  return new Promise((resolve, reject) => {
    let screen = ''
    let isTyped = false
    const look = (chunk: Buffer): void => {
      screen += chunk.toString()
      if (isTyped || !screen.includes('ready> ')) return
      isTyped = true
      for (const line of [...lines, 'exit']) child.stdin.write(`${line}\r`)
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    const tooLong = setTimeout(() => child.kill('SIGKILL'), longestMs)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(tooLong)
      if (isTyped && code !== null) resolve()
      else reject(new Error(`The shell did not come to its end. It showed:\n${screen}`))
    })
  })
}
