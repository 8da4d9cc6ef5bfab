/** Every fault there is: what each file beside this one defines, by name. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Fault, RecordedFault, Truth } from './fault.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** Those that can be injected wherever test hosts can be booted. */
export async function loadFaults(): Promise<readonly Fault[]> {
  return load((file) => !isRecorded(file))
}

export async function loadRecordedFaults(): Promise<readonly RecordedFault[]> {
  return load(isRecorded)
}

function isRecorded(file: string): boolean {
  return file.startsWith('recorded/')
}

/** A fault is a file in a folder of its group, and is its only export. */
async function load<F extends Truth>(isWanted: (file: string) => boolean): Promise<readonly F[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes('/') && file.endsWith('.ts') && isWanted(file))
    .toSorted()
  const modules = await Promise.all(
    files.map(async (file) => (await import(`${folder}${file}`)) as Readonly<Record<string, unknown>>),
  )
  const faults = modules.map((module) => Object.values(module)[0] as F)
  const misnamed = faults.filter(({ id }, index) => !files[index]?.endsWith(`/${id}.ts`))
  if (misnamed.length > 0) throw new Error(`Not named as their files: ${misnamed.map(({ id }) => id).join(', ')}`)
  return faults
}
