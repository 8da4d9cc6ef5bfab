/**
 * A Debian tree with its programs and without a host: nothing is booted. What runs in it sees the tree as its root, its
 * own processes and its own loopback; what it writes is gone with it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { lowerLayers } from './base-tree.ts'
import { childrenOf, commOf } from './processes.ts'
import { plainEnvironment, runTool, type Ran, type ToolOptions } from './tool.ts'
import type { Release } from './tree-recipes.ts'

export interface DebianTree extends AsyncDisposable {
  /** Where a path of the tree is for this process. Links in it lead to this machine's files: not to be followed. */
  at(path: string): string
  /** Runs a program of the tree, as root, without a shell. */
  run(argv: readonly string[], options?: ToolOptions): Promise<Ran>
  /** Makes these files, and the folders they need; a path that ends in `/` is a folder. Text is byte text. */
  write(files: ReadonlyMap<string, string>): void
  remove(path: string): void
}

const enterTree = fileURLToPath(new URL('enter-tree.ts', import.meta.url))
const startLimitMs = 20_000

export async function openTree(release: Release): Promise<DebianTree> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-tree-'))
  const holder = holdOpen(folder, await lowerLayers(release))
  const close = async (): Promise<void> => {
    await end(holder)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const pid = await inside(holder)
    const at = (path: string): string => `/proc/${pid}/root${path}`
    const entering = ['nsenter', '-t', String(pid), '-m', '-n', '-p', '--root', '--wd', '--']
    return {
      at,
      run: (argv, options) => runTool([...entering, ...argv], options),
      write: (files) => {
        for (const [path, text] of files) {
          mkdirSync(path.endsWith('/') ? at(path) : dirname(at(path)), { recursive: true })
          if (!path.endsWith('/')) writeFileSync(at(path), text, 'latin1')
        }
      },
      remove: (path) => rmSync(at(path), { recursive: true, force: true }),
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Each process dies with the one before it, and the last is PID 1 of its namespace: nothing of the tree outlives this one. */
function holdOpen(folder: string, layers: readonly string[]): ChildProcess {
  const namespaces = ['--mount', '--propagation', 'private', '--net', '--pid', '--fork', '--mount-proc', '--']
  const tied = ['--pdeathsig', 'KILL', '--', 'unshare', '--kill-child=KILL', ...namespaces]
  return spawn('setpriv', [...tied, process.execPath, enterTree, folder, ...layers], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: plainEnvironment,
  })
}

async function inside(holder: ChildProcess): Promise<number> {
  for (const endMs = Date.now() + startLimitMs; Date.now() < endMs; await sleep(10)) {
    if (holder.exitCode !== null || holder.signalCode !== null) throw new Error('The tree could not be entered.')
    const pid = childrenOf(holder.pid ?? 0)[0]
    if (pid !== undefined && commOf(pid) === 'sleep') return pid
  }
  throw new Error(`The tree was not open after ${startLimitMs / 1000} s.`)
}

async function end(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null || holder.pid === undefined) return
  const ended = once(holder, 'exit')
  holder.kill('SIGKILL')
  await ended
}
