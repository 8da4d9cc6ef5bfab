/** What a private namespace is to show: planned files over live ones, and copies of the folders that are written to. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { PlannedFiles } from './host.ts'
import { memoryFolder, sweepMemory } from './memory-folder.ts'
import { runTool } from './run-tool.ts'

export interface Stage {
  readonly planned: PlannedFiles
  /** Directories that the program may write to; each is replaced by an empty copy of its folders. */
  readonly shadowed: readonly string[]
  /** Directories whose files the program reads, too: what it writes there goes to a layer of its own. */
  readonly layered: readonly string[]
}

/** What `mount` is told of one place, in the words of fstab(5). */
interface Mount {
  readonly source: string
  readonly target: string
  readonly type: string
  readonly options: string
}

/** All of it is in one folder until it is taken away. */
export interface PreparedStage extends Disposable {
  /** The path of what is to be mounted, as in fstab(5). */
  readonly table: string
}

/** Folders of stages that nobody has taken away yet. */
const standing = new Set<string>()

function takeAllAway(): void {
  for (const folder of standing) rmSync(folder, { recursive: true, force: true })
}

/** A test takes seconds; what is older was left by a process that was killed. */
const forgottenMs = 10 * 60_000

/** `covered` are bytes to be put over live files. Throws when it cannot be done. */
export async function prepareStage(
  stage: Stage,
  covered: ReadonlyMap<string, Uint8Array>,
  limitMs: number,
): Promise<PreparedStage> {
  sweepMemory('stage', forgottenMs)
  const folder = memoryFolder('stage')
  const takeAway = (): void => {
    standing.delete(folder)
    if (standing.size === 0) process.off('exit', takeAllAway)
    rmSync(folder, { recursive: true, force: true })
  }
  if (standing.size === 0) process.once('exit', takeAllAway)
  standing.add(folder)
  try {
    const mounts = [
      // Before their folder is hidden by the next.
      ...covers(folder, covered),
      ...realFolders(stage.shadowed).map((path, i) => shadow(path, join(folder, `shadow-${i}`))),
      ...realFolders(stage.layered).map((path, i) => layer(path, join(folder, `layer-${i}`))),
      ...(await putFiles(stage.planned, folder, toolWithin(limitMs))),
    ]
    const table = join(folder, 'fstab')
    writeFileSync(table, mounts.map(fstabLine).join(''))
    return { table, [Symbol.dispose]: takeAway }
  } catch (error) {
    takeAway()
    throw error
  }
}

/** One that is gone by now is left to whoever looks for it. */
function covers(folder: string, files: ReadonlyMap<string, Uint8Array>): readonly Mount[] {
  const there = [...files].filter(([path]) => existsSync(path))
  return there.map(([path, bytes], i) => {
    const copy = join(folder, `cover-${i}`)
    writeFileSync(copy, bytes, { mode: 0o600 })
    return bind(copy, path)
  })
}

/** Those that are there, by paths without links: followed from outside, a link that is inside leads out. */
function realFolders(paths: readonly string[]): readonly string[] {
  return paths.filter(existsSync).map((path) => realpathSync(path))
}

/** Named as nothing else is: `mount --all` leaves out what is mounted from the same source at the same place. */
const source = 'fleetmend-stage'

/** Empty but for its folders: their owners and modes are kept, so a missing log folder still fails as it would live. */
function shadow(path: string, copy: string): Mount {
  for (const each of foldersOf(path)) makeAlike(each, join(copy, relative(path, each)))
  return bind(copy, path)
}

/** Outer ones first. */
function foldersOf(path: string): readonly string[] {
  const below = readdirSync(path, { recursive: true, withFileTypes: true })
  const folders = below.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name))
  return [path, ...folders].toSorted()
}

/** An overlay: everything is there to be read, and a write goes to the stage. What is mounted below is not there. */
function layer(path: string, place: string): Mount {
  const [upper, work] = [join(place, 'upper'), join(place, 'work')]
  mkdirSync(work, { recursive: true })
  makeAlike(path, upper)
  return { source, target: path, type: 'overlay', options: `lowerdir=${path},upperdir=${upper},workdir=${work}` }
}

type Tool = (program: string, ...args: readonly string[]) => Promise<void>

function toolWithin(limitMs: number): Tool {
  return async (program, ...args) => {
    const done = await runTool({ program, args, limitMs })
    if (!done.ok) throw new Error(done.says)
    if (done.value.exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.value.stderr.trim()}`)
  }
}

async function putFiles(planned: PlannedFiles, folder: string, tool: Tool): Promise<readonly Mount[]> {
  const mounts: Mount[] = []
  const copies = new Map<string, string>()
  // Outer folders first, and each before its files: one that is bound later would hide what was bound below it.
  const depth = (path: string) => nearestFolder(dirname(path)).length
  const stays = ([path, bytes]: readonly [string, Uint8Array | null]) => bytes !== null && existsSync(path)
  const ordered = [...planned].toSorted((a, b) => depth(a[0]) - depth(b[0]) || Number(stays(a)) - Number(stays(b)))
  for (const [i, [path, bytes]] of ordered.entries()) {
    if (bytes !== null && existsSync(path)) {
      const staged = join(folder, `file-${i}`)
      await tool('cp', '--attributes-only', '--preserve=all', '--', path, staged)
      writeFileSync(staged, bytes)
      mounts.push(bind(staged, path))
      continue
    }
    // A file that appears or disappears: the nearest folder that exists is copied and changed there.
    const parent = nearestFolder(dirname(path))
    let copy = copies.get(parent)
    if (copy === undefined) {
      copy = join(folder, `folder-${copies.size}`)
      await tool('cp', '--archive', '--', parent, copy)
      mounts.push(bind(copy, parent))
      copies.set(parent, copy)
    }
    const staged = join(copy, relative(parent, path))
    if (bytes === null) rmSync(staged, { force: true })
    else {
      mkdirSync(dirname(staged), { recursive: true, mode: 0o755 })
      writeFileSync(staged, bytes, { mode: 0o644 })
    }
  }
  return mounts
}

function makeAlike(path: string, copy: string): void {
  const { uid, gid, mode } = statSync(path)
  mkdirSync(copy, { recursive: true })
  chownSync(copy, uid, gid)
  chmodSync(copy, mode & 0o7777)
}

function nearestFolder(path: string): string {
  return existsSync(path) && statSync(path).isDirectory() ? path : nearestFolder(dirname(path))
}

function bind(source: string, target: string): Mount {
  return { source, target, type: 'none', options: 'bind' }
}

function fstabLine({ source, target, type, options }: Mount): string {
  const field = (text: string) =>
    text.replace(/[\s\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return `${field(source)} ${field(target)} ${type} ${field(options)} 0 0\n`
}
