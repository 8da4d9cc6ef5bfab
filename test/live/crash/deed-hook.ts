/**
 * Runs inside a host, loaded by Node itself before the agent (`NODE_OPTIONS=--require`): tells of every deed of an apply, and
 * ends or stops the process just before the one that was asked for. The product knows nothing of it; who can load it is root.
 */
import type { spawn } from 'node:child_process'
import { appendFileSync, constants, existsSync, readFileSync } from 'node:fs'
import promises, { type FileHandle } from 'node:fs/promises'
import { createRequire } from 'node:module'

/** Where the test leaves its wish, and finds what was done. In memory: it is gone with the power. */
const folder = '/run/deeds'

export interface Wish {
  /** Which command of the agent is meant: others run undisturbed. */
  readonly command: string
  /** Before which deed, as it is called; empty: only tell of them. */
  readonly deed: string
  /** Which of those that are called so, from 1. */
  readonly nth: number
  readonly signal: 'SIGKILL' | 'SIGSTOP'
}

const wish = JSON.parse(readFileSync(`${folder}/wish.json`, 'utf8')) as Wish
if (process.argv[2] === wish.command) watchDeeds(wish)

type AnyFunction = (...args: unknown[]) => unknown
type Named = (...args: readonly unknown[]) => string | null

function watchDeeds({ deed: wanted, nth, signal }: Wish): void {
  let count = 0
  const kill = process.kill.bind(process)
  const announce = (deed: string): void => {
    const name = plain(deed)
    appendFileSync(`${folder}/done`, `${name}\n`)
    if (name === wanted && ++count === nth) kill(process.pid, signal)
  }
  const before = (owner: object, name: string, says: Named): void => {
    const functions = owner as Record<string, AnyFunction>
    const original = functions[name]
    if (original === undefined) throw new Error(`Node has no ${name} any more: ${folder} counts nothing.`)
    functions[name] = function (this: unknown, ...args: unknown[]) {
      const deed = says(...args)
      if (deed !== null) announce(deed)
      return original.apply(this, args)
    }
  }

  before(promises, 'mkdir', (path) => (existsSync(String(path)) ? null : `mkdir ${String(path)}`))
  for (const name of ['rmdir', 'unlink', 'chmod', 'chown', 'truncate', 'writeFile', 'mkdtemp'] as const)
    before(promises, name, (path) => `${name} ${String(path)}`)
  before(promises, 'rm', (path) => `remove ${String(path)}`)
  for (const name of ['rename', 'link', 'symlink', 'copyFile'] as const)
    before(promises, name, (from, to) => `${name} ${String(from)} to ${String(to)}`)

  const open = promises.open.bind(promises)
  promises.open = async (path, flags, mode) => {
    if (creates(flags)) announce(`create ${String(path)}`)
    const file: FileHandle = await open(path, flags, mode)
    if (creates(flags) || flags === 'r+')
      for (const name of ['write', 'writeFile'] as const) before(file, name, (bytes) => written(String(path), bytes))
    return file
  }

  before(process, 'kill', (pid, sent) => (sent === 0 ? null : `${String(sent)} to a process`))
  // What the CommonJS side of Node hands out; an import's binding of it cannot be replaced.
  before(createRequire(import.meta.url)('node:child_process') as { spawn: typeof spawn }, 'spawn', (program, args) =>
    changing(String(program), args as readonly string[]),
  )
}

function creates(flags: unknown): boolean {
  return typeof flags === 'number'
    ? (flags & constants.O_CREAT) !== 0
    : typeof flags === 'string' && /^[wax]/.test(flags)
}

function written(path: string, bytes: unknown): string | null {
  const text = Buffer.isBuffer(bytes) ? bytes.subarray(0, 65_536).toString('utf8') : ''
  const entry = /^\{.*?"entry":"([\w-]+)"/.exec(text)?.[1]
  return entry === undefined ? `write ${path}` : `journal: ${entry}`
}

/** Programs that only read are no deeds, nor is what they do in a mount namespace of their own. */
function changing(program: string, args: readonly string[]): string | null {
  const name = program.split('/').at(-1) ?? program
  if (name === 'cp' && args.at(-1)?.includes('.fleetmend-')) return 'copy attributes'
  if (name === 'env') return `start ${args.at(3) ?? 'a process of its own'}`
  if (name === 'systemctl') {
    const verb = args.find((each) => !each.startsWith('-')) ?? ''
    return /^(show|cat|list-.*|is-.*|status)$/.test(verb) ? null : `systemctl ${verb}`
  }
  return null
}

/** Names that differ from run to run. */
function plain(deed: string): string {
  return deed
    .replaceAll(/\ba-\d[\w-]*/g, 'APPLY')
    .replaceAll(/sha256[:-]?\w*|\b[0-9a-f]{64}\b/g, 'DIGEST')
    .replaceAll(/\b([0-9a-f]{12}|[0-9a-f]{32})\b/g, 'RANDOM')
    .replaceAll('\n', ' ')
}
