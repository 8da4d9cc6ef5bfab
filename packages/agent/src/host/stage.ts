/** Sets the stage in a private namespace: planned files over live ones, and copies of the folders that are written to. */
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
import type { HeldNamespace } from './held-namespace.ts'
import type { PlannedFiles } from './host.ts'
import { memoryFolder } from './memory-folder.ts'
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

/** Everything is gone with the namespace, so nothing is cleaned up there. Throws when it cannot be done. */
export async function setStage(namespace: HeldNamespace, stage: Stage, limitMs: number): Promise<void> {
  const { planned } = stage
  const shadowed = realFolders(stage.shadowed)
  const layered = realFolders(stage.layered)
  if (planned.size + shadowed.length + layered.length === 0) return
  // Outside of what is replaced.
  const folder = memoryFolder('stage')
  const tool: Tool = async (program, ...args) => {
    const done = await runTool({ program, args, limitMs })
    if (!done.ok) throw new Error(done.says)
    if (done.value.exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.value.stderr.trim()}`)
  }
  const mountAll = async (mounts: readonly Mount[]): Promise<void> => {
    const table = join(folder, 'fstab')
    writeFileSync(namespace.at(table), mounts.map(fstabLine).join(''))
    // Not `mount --namespace`, which came with util-linux 2.33: RHEL 8 has 2.32.
    await tool('nsenter', ...namespace.inside, 'mount', '--all', '--fstab', table)
  }
  try {
    await mountAll([
      inMemory(folder),
      ...shadowed.map((path) => inMemory(path)),
      ...layered.flatMap((path, i) => layer(path, folder, `layer-${i}`)),
    ])
    for (const path of shadowed) for (const each of foldersOf(path)) makeAlike(each, namespace.at(each))
    for (const path of layered) makeAlike(path, namespace.at(path))
    if (planned.size > 0) await mountAll(await putFiles(namespace, planned, folder, tool))
  } finally {
    // Inside, the mount there goes with it; what was mounted from it elsewhere stays.
    rmSync(folder, { recursive: true })
  }
}

/** Those that are there, by paths without links: followed from outside, a link that is inside leads out. */
function realFolders(paths: readonly string[]): readonly string[] {
  return paths.filter(existsSync).map((path) => realpathSync(path))
}

/** Named as nothing else is: `mount --all` leaves out what is mounted from the same source at the same place. */
const source = 'fleetmend-stage'

function inMemory(target: string, options = 'mode=0700'): Mount {
  return { source, target, type: 'tmpfs', options }
}

/** Itself and all folders in it: their owners and modes are kept, so a missing log folder still fails as it would live. */
function foldersOf(path: string): readonly string[] {
  const below = readdirSync(path, { recursive: true, withFileTypes: true })
  return [path, ...below.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name))]
}

/**
 * An overlay: everything is there to be read, and a write goes to the stage. What is mounted below is not there. Its two
 * folders on the stage are made by the same run of `mount`, as mount points. An overlay takes no mount points, so it is
 * given the stage as it looks from where it is bound: without what is mounted on it.
 */
function layer(path: string, folder: string, name: string): readonly Mount[] {
  const [upper, work] = [join(name, 'upper'), join(name, 'work')]
  const plain = join(folder, name, 'plain')
  const options = `lowerdir=${path},upperdir=${join(plain, upper)},workdir=${join(plain, work)}`
  return [
    ...[upper, work].map((each) => inMemory(join(folder, each), 'X-mount.mkdir')),
    { ...bind(folder, plain), options: 'bind,X-mount.mkdir' },
    { source, target: path, type: 'overlay', options },
  ]
}

type Tool = (program: string, ...args: readonly string[]) => Promise<void>

async function putFiles(
  namespace: HeldNamespace,
  planned: PlannedFiles,
  folder: string,
  tool: Tool,
): Promise<readonly Mount[]> {
  const mounts: Mount[] = []
  const copies = new Map<string, string>()
  // Outer folders first, and each before its files: one that is bound later would hide what was bound below it.
  const depth = (path: string) => nearestFolder(dirname(path)).length
  const stays = ([path, bytes]: readonly [string, Uint8Array | null]) => bytes !== null && existsSync(path)
  const ordered = [...planned].toSorted((a, b) => depth(a[0]) - depth(b[0]) || Number(stays(a)) - Number(stays(b)))
  for (const [i, [path, bytes]] of ordered.entries()) {
    if (bytes !== null && existsSync(path)) {
      const staged = join(folder, `file-${i}`)
      await tool('cp', '--attributes-only', '--preserve=all', '--', path, namespace.at(staged))
      writeFileSync(namespace.at(staged), bytes)
      mounts.push(bind(staged, path))
      continue
    }
    // A file that appears or disappears: the nearest folder that exists is copied and changed there.
    const parent = nearestFolder(dirname(path))
    let copy = copies.get(parent)
    if (copy === undefined) {
      copy = join(folder, `folder-${copies.size}`)
      await tool('cp', '--archive', '--', parent, namespace.at(copy))
      mounts.push(bind(copy, parent))
      copies.set(parent, copy)
    }
    const staged = namespace.at(join(copy, relative(parent, path)))
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
