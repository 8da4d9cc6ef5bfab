/**
 * The processes of this host once each FPM that a unit runs bears its title. A reload executes FPM anew: for as long as PHP takes
 * to start, its master has a command line for a title and no worker, and would be taken for one that is down.
 */
import type { ProcessFacts, Read, ReadHost } from '../host/host.ts'
import { isFpmWithoutTitle } from '../readings/proc.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'

/** `seen`: as they were just now. */
export async function titledProcesses(
  host: ReadHost,
  seen: Read<readonly ProcessFacts[]>,
  units: readonly Pick<UnitProperties, 'mainPid'>[],
): Promise<Read<readonly ProcessFacts[]>> {
  const mains = new Set(units.map(({ mainPid }) => mainPid))
  let processes = seen
  for (const endMs = host.nowMs() + limitMs; processes.ok && host.nowMs() < endMs; processes = await host.processes()) {
    if (!processes.value.some(({ pid, title }) => mains.has(pid) && isFpmWithoutTitle(title))) return processes
    await host.sleep(pollMs)
  }
  return processes
}

/** PHP starts in some fifty milliseconds; one with many extensions, on a busy host, takes longer. */
const limitMs = 1000
const pollMs = 25
