/** Processes from /proc. */
import { closeSync, openSync, readSync } from 'node:fs'
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
    const folder = `/proc/${pid}`
    const [stat, status] = [readAtOnce(`${folder}/stat`), readAtOnce(`${folder}/status`)]
    // This one the kernel reads from the memory of the process, which may be held for long.
    const facts = readProcess(stat, status, await readFile(`${folder}/cmdline`, 'latin1'))
    return facts ? { ok: true, value: facts } : { ok: false, why: 'failed', says: `/proc/${pid} was not understood` }
  } catch (error) {
    // A process that ends while it is read answers ESRCH.
    const failed = failedRead(error)
    return { ...failed, why: failed.why === 'failed' ? 'missing' : failed.why }
  }
}

/** Each is a page at most (`fs/proc/base.c`), or little more on hosts of many groups. */
const page = Buffer.alloc(16 * 1024)

/** What the kernel makes up without waiting for anybody, as a host has hundreds of: a thread would take ten times as long. */
function readAtOnce(path: string): string {
  const file = openSync(path, 'r')
  try {
    let length = 0
    for (let read = -1; read !== 0 && length < page.length; length += read)
      read = readSync(file, page, length, page.length - length, null)
    return page.toString('latin1', 0, length)
  } finally {
    closeSync(file)
  }
}
