/** Sets the stage in a private namespace: planned files over live ones, and copies of the folders that are written to. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { HeldNamespace } from './held-namespace.ts'
import type { PlannedFiles } from './host.ts'
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

/** Everything is gone with the namespace, so nothing is cleaned up. Throws when it cannot be done. */
export async function setStage(namespace: HeldNamespace, stage: Stage, limitMs: number): Promise<void> {
  const { planned, shadowed, layered } = stage
  if (planned.size + shadowed.length + layered.length === 0) return
  // A mount point outside of what is replaced.
  const folder = mkdtempSync(`${[...shadowed, ...layered].includes('/run') ? '/tmp' : '/run'}/fleetmend-stage-`)
  const tool = async (program: string, ...args: readonly string[]): Promise<void> => {
    const done = await runTool({ program, args, limitMs })
    if (!done.ok) throw new Error(done.says)
    if (done.value.exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.value.stderr.trim()}`)
  }
  try {
    await tool('nsenter', ...namespace.inside, 'mount', '-t', 'tmpfs', '-o', 'mode=0700', 'tmpfs', folder)
    const mounts = [
      ...shadowed.filter(existsSync).map((path, i) => shadow(namespace, path, join(folder, `shadow-${i}`))),
      ...layered.filter(existsSync).map((path, i) => layer(namespace, path, join(folder, `layer-${i}`))),
      ...(await putFiles(namespace, planned, folder, tool)),
    ]
    const table = join(folder, 'fstab')
    writeFileSync(namespace.at(table), mounts.map(fstabLine).join(''))
    await tool('nsenter', ...namespace.inside, 'mount', '--all', '--fstab', table)
  } finally {
    // Inside, the mount there goes with it; what was mounted from it elsewhere stays.
    rmdirSync(folder)
  }
}

/** The same folders with the same owners, without their files: a missing log folder still fails as it would live. */
function shadow(namespace: HeldNamespace, path: string, copy: string): Mount {
  const folders = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
  for (const folder of ['', ...folders]) makeAlike(join(path, folder), namespace.at(join(copy, folder)))
  return bind(copy, path)
}

/** An overlay: everything is there to be read, and a write goes to the stage. What is mounted below is not there. */
function layer(namespace: HeldNamespace, path: string, staged: string): Mount {
  const [upper, work] = [join(staged, 'upper'), join(staged, 'work')]
  mkdirSync(namespace.at(work), { recursive: true })
  makeAlike(path, namespace.at(upper))
  return {
    source: 'overlay',
    target: path,
    type: 'overlay',
    options: `lowerdir=${path},upperdir=${upper},workdir=${work}`,
  }
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
  // Outer folders first: one that is bound later would hide what was bound below it.
  const depth = (path: string) => nearestFolder(dirname(path)).length
  const ordered = [...planned].toSorted(([a], [b]) => depth(a) - depth(b))
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
