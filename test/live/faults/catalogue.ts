/** Every fault there is: what each file beside this one defines, by name. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Fault } from './fault.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** A fault is a file in a folder of its group, and is its only export. */
export async function loadFaults(): Promise<readonly Fault[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes('/') && file.endsWith('.ts'))
    .toSorted()
  const modules = await Promise.all(
    files.map(async (file) => (await import(`${folder}${file}`)) as Readonly<Record<string, unknown>>),
  )
  const faults = modules.map((module) => Object.values(module)[0] as Fault)
  const misnamed = faults.filter(({ id }, index) => !files[index]?.endsWith(`/${id}.ts`))
  if (misnamed.length > 0) throw new Error(`Not named as their files: ${misnamed.map(({ id }) => id).join(', ')}`)
  return faults
}
