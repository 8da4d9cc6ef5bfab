/**
 * The rules of the fleet from the file in which its administrator wrote them, read anew each time, so that a change takes
 * effect at once. A file that cannot be kept as it is written lets nothing begin; where there is none, nothing is held back.
 */
import { readFile } from 'node:fs/promises'
import type { HostRecord } from '@fleetmend/shared'
import type { FleetRules } from '../runs/room.ts'
import { readFleetPolicy, rulesNow } from './fleet-policy.ts'

export async function fleetRules(
  path: string,
  listHosts: () => Promise<readonly HostRecord[]>,
  nowMs: number,
): Promise<FleetRules> {
  const text = await textOf(path)
  if (typeof text !== 'string') return text
  const read = readFleetPolicy(text)
  if (!read.ok) return nothingBegins(`${path}:${read.line}: ${read.says}`)
  const { limits, windows, freezes } = read.value
  const needsHosts = limits.length + windows.length + freezes.length > 0
  return rulesNow(read.value, needsHosts ? await listHosts() : [], nowMs)
}

async function textOf(path: string): Promise<string | FleetRules> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? '' : nothingBegins(`${path} cannot be read (${code}).`)
  }
}

function nothingBegins(why: string): FleetRules {
  const says = `What this fleet allows is not known, and so nothing is begun: ${why}`
  return { limits: [], closed: [{ says, members: null }] }
}
