/**
 * The agent's folder on disk, opened: everything in it is there, and nobody else may write to it.
 */
import { lstat, mkdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { saysOf } from './durable.ts'
import { loadHostKey, type HostKey } from './host-key.ts'
import { statePaths, type StatePaths } from './state-paths.ts'

export interface StateFolder extends StatePaths {
  /** For HMACs of file contents; read once, when the folder is opened. */
  readonly key: HostKey
}

export type OpenedState =
  | { readonly ok: true; readonly value: StateFolder }
  | { readonly ok: false; readonly says: string }

/** Opens the folder, making what is missing; refuses one that others could have written to. */
export async function openStateFolder(root: string): Promise<OpenedState> {
  try {
    await mkdir(root, { recursive: true, mode: 0o750 })
    const paths = statePaths(await realpath(root))
    for (const path of [paths.sealed, paths.sealedPlans, paths.sealedApplies]) await mkdirOnce(path, 0o700)
    for (const path of [paths.plans, paths.applies]) await mkdirOnce(path, 0o750)
    const untrusted = await findUntrusted(paths)
    if (untrusted !== null) return { ok: false, says: untrusted }
    const key = await loadHostKey(join(paths.sealed, 'host.key'))
    return key.ok ? { ok: true, value: { ...paths, key: key.value } } : key
  } catch (error) {
    return { ok: false, says: `Cannot use the state folder ${root}: ${saysOf(error)}.` }
  }
}

async function mkdirOnce(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode })
}

/** A sentence about the first folder that somebody else could have changed; null when there is none. */
async function findUntrusted(paths: StatePaths): Promise<string | null> {
  for (const path of [paths.root, paths.plans, paths.applies]) {
    const says = await distrust(path, 0o022)
    if (says !== null) return says
  }
  for (const path of [paths.sealed, paths.sealedPlans, paths.sealedApplies]) {
    const says = await distrust(path, 0o077)
    if (says !== null) return says
  }
  for (let path = dirname(paths.root); ; path = dirname(path)) {
    const facts = await lstat(path)
    // In a sticky directory (`/tmp`) nobody can rename what belongs to somebody else.
    const sticky = (facts.mode & 0o1000) !== 0
    if ((facts.mode & 0o022) !== 0 && !sticky)
      return `Cannot trust the state folder: others may write to ${path}, which holds it.`
    if (path === dirname(path)) return null
  }
}

async function distrust(path: string, mustNotHave: number): Promise<string | null> {
  const facts = await lstat(path)
  if (!facts.isDirectory()) return `Cannot use ${path}: it is not a directory.`
  if (facts.uid !== process.geteuid?.()) return `Cannot trust ${path}: it belongs to user ${facts.uid}.`
  if ((facts.mode & mustNotHave) === 0) return null
  const others = mustNotHave === 0o022 ? 'write to it' : 'enter it'
  return `Cannot trust ${path}: others may ${others} (mode ${(facts.mode & 0o7777).toString(8)}). To keep them out:\n    chmod ${mustNotHave === 0o022 ? '0750' : '0700'} ${path}`
}
