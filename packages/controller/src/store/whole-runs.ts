/** A run is written in parts and read as a whole: what stays small is its snapshot, what grows with the fleet has rows. */
import { Run, type Digest, type HostId, type RunHost, type RunId } from '@fleetmend/shared'
import { inOrder } from '../runs/group-list.ts'
import { hostsOfRun } from './run-hosts.ts'
import { partsOfRun, type RunParts } from './run-parts.ts'
import type { Connection } from './tables.ts'

export function snapshotOf(run: Run): string {
  const elsewhere = { hosts: undefined, groups: undefined, notes: undefined, heldBack: undefined, canaries: undefined }
  return JSON.stringify({ ...run, ...elsewhere })
}

export interface Row {
  readonly id: RunId
  readonly snapshot: string
  readonly canaries: string
}

/** In the same order. */
export async function wholeRuns(db: Connection, rows: readonly Row[]): Promise<readonly Run[]> {
  const runs: Run[] = []
  for (const row of rows) runs.push(whole(row, await hostsOfRun(db, row.id), await partsOfRun(db, row.id)))
  return runs
}

function whole({ snapshot, canaries }: Row, hosts: readonly RunHost[], parts: RunParts): Run {
  const members = new Map<Digest, HostId[]>(parts.groups.map(({ key }) => [key, []]))
  for (const { id, group } of hosts) if (group !== null) members.get(group)?.push(id)
  const groups = parts.groups.map((group) => ({ ...group, hosts: members.get(group.key) }))
  const run = Run.parse({
    ...(JSON.parse(snapshot) as object),
    ...{ hosts, groups, notes: parts.notes, heldBack: parts.heldBack, canaries: JSON.parse(canaries) as unknown },
  })
  return { ...run, groups: run.groups.toSorted(inOrder) }
}
