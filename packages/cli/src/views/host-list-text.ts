/** The fleet's hosts as a table. */
import { safeLine, type HostRecordView, type Paint } from '@fleetmend/shared'
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
  const table = columns([['HOST', 'CONNECTION', 'LABELS', 'AGENT', 'SYSTEM'], ...rows], paint)
  return `${table}${hosts.map((host) => alarmText(host, paint)).join('')}`
}

/** A record that does not fit is told below the table: it is no detail of a row. */
function alarmText({ id, alarm }: HostRecordView, paint: Paint): string {
  if (alarm === null) return ''
  const head = paint.red(`ALARM ${safeLine(alarm.code)} on ${safeLine(id)} since ${alarm.at.slice(0, 16)}Z`)
  return `\n${head}\n  ${safeLine(alarm.says)}\n  Look at the host. To take its record as it is now:\n    fleetmend audit accept ${safeLine(id)} --reason TEXT\n`
}
