/** Reads the files that a person gives and has them diagnosed here: they never leave this machine. */
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { problem, safeLine, type FilesDiagnosis, type Problem } from '@fleetmend/shared'

type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem }

/** Manifests are written by people, or rendered from what people wrote. */
const mostBytes = 4 * 1024 ** 2

export async function diagnoseGivenFiles(names: readonly string[]): Promise<Reading<FilesDiagnosis>> {
  const { diagnoseFiles } = await import('@fleetmend/agent/diagnose-files')
  const files = []
  for (const name of names) {
    const text = await readText(name)
    if (!text.ok) return text
    files.push({ name: safeLine(name), path: resolve(name), text: text.value })
  }
  return diagnoseFiles(files)
}

async function readText(name: string): Promise<Reading<string>> {
  try {
    await using file = await open(name)
    const { size } = await file.stat()
    if (size > mostBytes) return refused(name, `it has ${size} bytes, and ${mostBytes} are the most that are read`)
    return { ok: true, value: await file.readFile('utf8') }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return refused(name, reasons[code] ?? code)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder; name the files in it',
  EACCES: 'you may not read it',
}

function refused(name: string, why: string): Reading<never> {
  return { ok: false, problem: problem('bad-input', `${safeLine(name)} cannot be read: ${why}.`) }
}
