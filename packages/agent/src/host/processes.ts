/** Processes from /proc. */
import { readFile, readdir } from 'node:fs/promises'
import { readProcess } from '../readings/proc.ts'
import { failedRead } from './errno.ts'
import type { ProcessFacts, Read } from './host.ts'

export async function readProcesses(): Promise<Read<readonly ProcessFacts[]>> {
  try {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
    const all = await Promise.all(pids.map((pid) => readOne(pid)))
    return { ok: true, value: all.flatMap((process) => (process.ok ? [process.value] : [])) }
  } catch (error) {
    return failedRead(error)
  }
}

export async function readOne(pid: number): Promise<Read<ProcessFacts>> {
  try {
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'latin1')
    const facts = readProcess(await read('stat'), await read('status'), await read('cmdline'))
    return facts ? { ok: true, value: facts } : { ok: false, why: 'failed', says: `/proc/${pid} was not understood` }
  } catch (error) {
    // A process that ends while it is read answers ESRCH.
    const failed = failedRead(error)
    return { ...failed, why: failed.why === 'failed' ? 'missing' : failed.why }
  }
}
