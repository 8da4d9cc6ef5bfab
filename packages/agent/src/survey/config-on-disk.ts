/** A service's configuration as it lies on disk: every file it is read from, and everything that tells whether it changed. */
import type { FileFacts, ReadHost } from '../host/host.ts'
import { readWithFiles, type ConfigSources } from './config-files.ts'

export interface ConfigFile {
  /** As the configuration names it. */
  readonly path: string
  /** The file itself, where that name is a link or lies behind one. */
  readonly leadsTo: string | null
  /** Byte text. */
  readonly text: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** A file, a link or a folder as it looked; null: it was not there. */
export interface Place {
  readonly path: string
  readonly looks: string | null
}

export interface ConfigOnDisk {
  readonly files: readonly ConfigFile[]
  readonly patterns: readonly string[]
  readonly places: readonly Place[]
  /** When any of it was last changed: a file, a link, or what is in a folder. */
  readonly changedMs: number
}

/** What a reading names, and nothing else: no certificate, no key, no file of passwords. Null where it cannot be had whole. */
export async function configOnDisk(
  host: ReadHost,
  reading: (sources: ConfigSources) => readonly { readonly path: string; readonly text: string }[] | null,
): Promise<ConfigOnDisk | null> {
  const asked = new Set<string>()
  const patterns = new Set<string>()
  const named = await readWithFiles(watched(host, asked), ({ read, glob }) =>
    reading({
      read,
      glob: (pattern) => {
        patterns.add(pattern)
        return glob(pattern)
      },
    }),
  )
  if (named === null) return null
  const files: ConfigFile[] = []
  const facts = new Map<string, FileFacts | null>()
  const lookAt = async (path: string): Promise<string | null> => {
    const real = await host.resolve(path)
    for (const each of new Set([path, ...(real.ok ? [real.value] : [])])) facts.set(each, await factsOf(host, each))
    return real.ok ? real.value : null
  }
  for (const { path, text } of named) {
    const real = await lookAt(path)
    const found = real === null ? null : facts.get(real)
    if (real === null || found?.kind !== 'file') return null
    const { mode, uid, gid } = found
    files.push({ path, leadsTo: real === path ? null : real, text, mode, uid, gid })
  }
  for (const path of asked) await lookAt(path)
  return {
    files,
    patterns: [...patterns].toSorted(),
    places: [...facts].map(([path, each]) => ({ path, looks: each && looksOf(each) })),
    changedMs: Math.max(0, ...[...facts.values()].map((each) => each?.changedMs ?? 0)),
  }
}

/** Whether all of it looks as it did; then its bytes are what they were. */
export async function looksTheSame(host: ReadHost, places: readonly Place[]): Promise<boolean> {
  for (const { path, looks } of places) {
    const now = await factsOf(host, path)
    if ((now && looksOf(now)) !== looks) return false
  }
  return true
}

/** Folders that patterns look into, and what was not there. */
function watched(host: ReadHost, asked: Set<string>): ReadHost {
  return {
    ...host,
    list: (path) => {
      asked.add(path)
      return host.list(path)
    },
    stat: async (path) => {
      const stat = await host.stat(path)
      if (!stat.ok) asked.add(path)
      return stat
    },
  }
}

async function factsOf(host: ReadHost, path: string): Promise<FileFacts | null> {
  const stat = await host.stat(path)
  return stat.ok ? stat.value : null
}

/** ctime cannot be set back, so that this changes whenever the bytes do. */
function looksOf({ kind, mode, uid, gid, sizeBytes, modifiedMs, changedMs, device, inode }: FileFacts): string {
  return [kind, mode.toString(8), uid, gid, sizeBytes, modifiedMs, changedMs, device, inode].join(' ')
}
