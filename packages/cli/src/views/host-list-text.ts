/** The fleet's hosts as a table. */
import type { HostRecordView, Paint } from '@fleetmend/shared'
import { columns } from './columns.ts'

export function hostListText(hosts: readonly HostRecordView[], paint: Paint): string {
  if (hosts.length === 0) return 'There are no hosts yet. To let one in:\n    fleetmend hosts invite\n'
  const rows = hosts.map(({ id, connected, lastSeenAt, labels, os, agentVersion }) => [
    id,
    connected ? 'connected' : lastSeenAt === null ? 'never seen' : `last seen ${lastSeenAt.slice(0, 16)}Z`,
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    agentVersion ?? '',
    os ?? '',
  ])
  return columns([['HOST', 'CONNECTION', 'LABELS', 'AGENT', 'SYSTEM'], ...rows], paint)
}
