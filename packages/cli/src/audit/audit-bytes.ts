/** An audit as bytes, wherever it comes from: a file that was taken away, or the controller itself. */
import { createReadStream } from 'node:fs'
import { problem, safeLine, type Problem } from '@fleetmend/shared'
import type { Api, Controller } from '../connection/controller.ts'

/** Returns why it ended before its end, if it did. */
export type AuditBytes = AsyncGenerator<Uint8Array, Problem | null>

export type ExportScope = Parameters<Api['audit']['export']['subscribe']>[0]

export async function* fromController(controller: Controller, scope: ExportScope): AuditBytes {
  const pieces = controller.stream((api) => api.audit.export.subscribe(scope))
  for (;;) {
    const next = await pieces.next()
    if (next.done) return next.value?.problem ?? null
    yield Buffer.from(next.value)
  }
}

export async function* fromFile(path: string): AuditBytes {
  try {
    for await (const piece of createReadStream(path)) yield piece as Buffer
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    const why = code === 'ENOENT' ? 'there is no such file' : code
    return problem(
      'bad-input',
      `${safeLine(path)} cannot be read: ${why}.\n\nTo take one from the controller:\n    fleetmend audit export > FILE`,
    )
  }
}
