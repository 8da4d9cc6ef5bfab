/** Opens a recorded nginx tree for tests: the files below a case's folder, as if they lay at the root. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { textOf } from '../../bytes.ts'
import type { NginxFileSource, NginxGlobSource } from '../../nginx-config.ts'

export interface NginxCase {
  readonly read: NginxFileSource
  readonly glob: NginxGlobSource
  /** A file of the case itself, such as what nginx printed. */
  recorded(name: string): string
  /** Where a golden file of the case lies. */
  golden(name: string): string
}

export function openCase(name: string): NginxCase {
  const folder = fileURLToPath(new URL(`./${name}`, import.meta.url))
  return {
    read(path) {
      try {
        return { ok: true, text: textOf(readFileSync(folder + path)) }
      } catch (error) {
        return { ok: false, says: String((error as NodeJS.ErrnoException).code) }
      }
    },
    glob: (pattern) => globSync(pattern.slice(1), { cwd: folder }).map((found) => `/${found}`).toSorted(),
    recorded: (file) => textOf(readFileSync(`${folder}/${file}`)),
    golden: (file) => `${folder}/${file}`,
  }
}

/** The same from plain values: paths below `/etc/nginx` to byte text. A pattern may have stars in its last part. */
export function filesOf(files: Readonly<Record<string, string>>): Pick<NginxCase, 'read' | 'glob'> {
  const texts = new Map(Object.entries(files).map(([path, text]) => [path.startsWith('/') ? path : `/etc/nginx/${path}`, text]))
  return {
    read(path) {
      const text = texts.get(path)
      return text === undefined ? { ok: false, says: 'no such file' } : { ok: true, text }
    },
    glob(pattern) {
      const matches = new RegExp(`^${pattern.split('*').map(RegExp.escape).join('[^/]*')}$`)
      return [...texts.keys()].filter((path) => matches.test(path)).toSorted()
    },
  }
}
