/** The process inside the private mount namespace: puts planned files over live ones, then becomes the testing program. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { namespaceFailedExit, type NamespaceSpec } from './private-namespace.ts'
import { toolPath } from './run-tool.ts'

export function runNamespaceChild(): number {
  try {
    const spec = JSON.parse(readFileSync(0, 'utf8')) as NamespaceSpec
    setTheStage(spec)
    const done = spawnSync(spec.program, spec.args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { PATH: toolPath, LC_ALL: 'C' },
    })
    if (done.error) throw done.error
    return done.status ?? namespaceFailedExit
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return namespaceFailedExit
  }
}

/** Everything below is gone with the namespace, so nothing is cleaned up. */
function setTheStage(spec: NamespaceSpec): void {
  // A mount point outside of what may be shadowed; the directory itself is removed again once it is mounted elsewhere.
  const layered = spec.layered ?? []
  const replaced = [...spec.shadowed, ...layered]
  const stage = mkdtempSync(`${replaced.includes('/run') ? '/tmp' : '/run'}/fleetmend-stage-`)
  tool('mount', ['-t', 'tmpfs', '-o', 'mode=0700', 'tmpfs', stage])
  const dropStage = () => {
    tool('umount', ['--lazy', stage])
    rmSync(stage, { recursive: true, force: true })
  }
  try {
    for (const [i, path] of spec.shadowed.entries()) if (existsSync(path)) shadow(path, join(stage, `shadow-${i}`))
    for (const [i, path] of layered.entries()) if (existsSync(path)) layer(path, join(stage, `layer-${i}`))
    const parents = new Map<string, string>()
    // Outer folders first: one that is bound later would hide what was bound below it.
    const depth = ({ path }: { readonly path: string }) => nearestFolder(dirname(path)).length
    for (const [i, file] of spec.planned.toSorted((a, b) => depth(a) - depth(b)).entries()) {
      const bytes = file.bytes === null ? null : Buffer.from(file.bytes, 'base64')
      if (bytes !== null && existsSync(file.path)) putOver(file.path, join(stage, `file-${i}`), bytes)
      else putBelow(file.path, stage, bytes, parents)
    }
  } finally {
    dropStage()
  }
}

/** An existing file: its planned bytes, with its owner and mode, bound over it. */
function putOver(path: string, staged: string, bytes: Buffer): void {
  tool('cp', ['--attributes-only', '--preserve=all', '--', path, staged])
  writeFileSync(staged, bytes)
  tool('mount', ['--bind', staged, path])
}

/** A file that appears or disappears: the nearest folder that exists is copied, changed there, and bound over itself. */
function putBelow(path: string, stage: string, bytes: Buffer | null, parents: Map<string, string>): void {
  const parent = nearestFolder(dirname(path))
  let copy = parents.get(parent)
  if (copy === undefined) {
    copy = join(stage, `folder-${parents.size}`)
    tool('cp', ['--archive', '--', parent, copy])
    tool('mount', ['--bind', copy, parent])
    parents.set(parent, copy)
  }
  const staged = join(copy, relative(parent, path))
  if (bytes === null) return rmSync(staged, { force: true })
  mkdirSync(dirname(staged), { recursive: true, mode: 0o755 })
  writeFileSync(staged, bytes, { mode: 0o644 })
}

function nearestFolder(path: string): string {
  return existsSync(path) && statSync(path).isDirectory() ? path : nearestFolder(dirname(path))
}

/** The same folders with the same owners, without their files: a missing log folder still fails as it would live. */
function shadow(path: string, copy: string): void {
  const folders = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
  for (const folder of ['', ...folders]) {
    const facts = statSync(join(path, folder))
    mkdirSync(join(copy, folder), { recursive: true })
    chownSync(join(copy, folder), facts.uid, facts.gid)
    chmodSync(join(copy, folder), facts.mode & 0o7777)
  }
  tool('mount', ['--bind', copy, path])
}

/** An overlay: everything is there to be read, and a write goes to the stage. What is mounted below is not there. */
function layer(path: string, staged: string): void {
  const [upper, work] = [join(staged, 'upper'), join(staged, 'work')]
  mkdirSync(upper, { recursive: true })
  mkdirSync(work)
  const facts = statSync(path)
  chownSync(upper, facts.uid, facts.gid)
  chmodSync(upper, facts.mode & 0o7777)
  tool('mount', ['-t', 'overlay', '-o', `lowerdir=${path},upperdir=${upper},workdir=${work}`, 'overlay', path])
}

function tool(program: string, args: readonly string[]): void {
  const done = spawnSync(program, args, { encoding: 'utf8', env: { PATH: toolPath, LC_ALL: 'C' } })
  if (done.error) throw done.error
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr.trim()}`)
}
