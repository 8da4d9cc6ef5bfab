/** A signed grant as a runbook keeps it: a file of its own, read whole and taken for nothing else. */
import { readFile, stat } from 'node:fs/promises'
import { problem, safeLine, SignedGrant, type Problem } from '@fleetmend/shared'

export type GrantRead =
  | { readonly ok: true; readonly value: SignedGrant }
  | { readonly ok: false; readonly problem: Problem }

const mostBytes = 4 * 1024 ** 2

export async function readGrantFile(path: string): Promise<GrantRead> {
  try {
    const { size } = await stat(path)
    if (size > mostBytes) return refuse(path, `it has ${size} bytes, which no grant has`)
    const parsed = SignedGrant.safeParse(JSON.parse(await readFile(path, 'utf8')))
    if (parsed.success) return { ok: true, value: parsed.data }
    const [issue] = parsed.error.issues
    return refuse(path, `it is no signed grant (${issue?.path.join('.') || 'at all'}: ${issue?.message ?? 'unknown'})`)
  } catch (error) {
    if (error instanceof SyntaxError) return refuse(path, 'it is not JSON')
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return refuse(path, code === 'ENOENT' ? 'there is no such file' : code)
  }
}

function refuse(path: string, why: string): GrantRead {
  const says = `${safeLine(path)} cannot be used: ${safeLine(why)}. To have one signed:\n    fleetmend grants sign --help`
  return { ok: false, problem: problem('bad-input', says) }
}
