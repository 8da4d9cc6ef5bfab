/**
 * Runs a program that prints to files: a configuration may name `/proc/self/fd/2` as a log, as the official images of PHP
 * do, and what Node gives a child to print to is a socket, which cannot be opened by a name.
 */
import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { failedRead } from './errno.ts'
import type { Read, ToolOutput } from './host.ts'
import { memoryFolder } from './memory-folder.ts'
import { runTool, type ToolRun } from './run-tool.ts'

const limitBytes = 8 * 1024 * 1024

export async function runPrintingToFiles(run: Omit<ToolRun, 'printsTo'>): Promise<Read<ToolOutput>> {
  let files
  try {
    files = openFiles()
  } catch (error) {
    return failedRead(error)
  }
  const { stdout, stderr } = files
  try {
    const ran = await runTool({ ...run, printsTo: files })
    if (!ran.ok) return ran
    if (fstatSync(stdout).size + fstatSync(stderr).size > limitBytes)
      return { ok: false, why: 'too-big', says: `${run.program} printed too much` }
    const { exitCode } = ran.value
    return { ok: true, value: { exitCode, stdout: textOf(stdout), stderr: textOf(stderr) } }
  } finally {
    closeSync(stdout)
    closeSync(stderr)
  }
}

/** In memory, and without a name from the beginning: nobody else can open them, and nothing is left of them. */
function openFiles(): { readonly stdout: number; readonly stderr: number } {
  const folder = memoryFolder('prints')
  try {
    return { stdout: openSync(join(folder, 'stdout'), 'a+'), stderr: openSync(join(folder, 'stderr'), 'a+') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function textOf(file: number): string {
  const bytes = Buffer.alloc(fstatSync(file).size)
  return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0))
}
