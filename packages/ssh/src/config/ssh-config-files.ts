/** The files of ssh_config(5) on this machine, under the rules of `ssh`: nobody else may write what decides where we go. */
import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigFiles } from '../readings/ssh-config.ts'

export function configFilesOf(uid: number): ConfigFiles {
  return { text: (path, isGuarded) => textOf(path, isGuarded ? uid : null), matching }
}

function textOf(path: string, onlyOf: number | null): ReturnType<ConfigFiles['text']> {
  let handle: number | null = null
  try {
    handle = openSync(path, 'r')
    const { uid, mode } = fstatSync(handle)
    if (onlyOf !== null && ((uid !== 0 && uid !== onlyOf) || (mode & 0o022) !== 0)) {
      return { ok: false, says: 'others than you and root may write it, so that ssh refuses it, too' }
    }
    return { ok: true, value: readFileSync(handle, 'utf8') }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? { ok: true, value: null } : { ok: false, says: message }
  } finally {
    if (handle !== null) closeSync(handle)
  }
}

/** As OpenSSH's own glob.c, of an absolute path, sorted by bytes: `*`, `?`, `[a-z]`, `[!a-z]`, and a backslash that quotes. */
function matching(pattern: string): readonly string[] {
  let found = ['/']
  for (const part of pattern.split('/').filter((each) => each !== '')) {
    const isPlain = !/[*?[\\]/.test(part)
    const wanted = componentPattern(part)
    found = found.flatMap((folder) => {
      const names = isPlain ? [part] : namesIn(folder).filter((name) => wanted.test(name))
      return names.map((name) => join(folder, name)).filter(exists)
    })
  }
  return found.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** A dot at the beginning is matched only by a dot. */
function componentPattern(part: string): RegExp {
  const source = part.replace(/\\(.)|\[(!?)(\]?[^\]]*)\]|[^]/g, (char, quoted: string, not: string, set: string) => {
    if (quoted !== undefined) return RegExp.escape(quoted)
    if (set !== undefined) return `[${not === '' ? '' : '^'}${set.replaceAll(/[\\\]^]/g, '\\$&')}]`
    if (char === '*') return '.*'
    return char === '?' ? '.' : RegExp.escape(char)
  })
  try {
    return new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${source}$`, 's')
  } catch {
    // A range that runs backwards.
    return /(?!)/
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    // Not there, beneath what is no folder, or in one that is closed to us.
    return false
  }
}
