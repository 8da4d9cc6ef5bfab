/** The fleet's hosts as a table. */
import { safeLine, type HostRecordView, type Paint } from '@fleetmend/shared'
import { columns } from './columns.ts'
import { indented } from './indented.ts'

export function hostListText(hosts: readonly HostRecordView[], paint: Paint): string {
  if (hosts.length === 0) return 'There are no hosts yet. To let one in:\n    fleetmend hosts invite\n'
  const rows = hosts.map(({ id, ssh, connected, lastSeenAt, labels, os, agentVersion }) => [
    id,
    ssh === null ? 'dial-out' : 'ssh',
    connected ? 'connected' : lastSeenAt === null ? 'never seen' : `last seen ${lastSeenAt.slice(0, 16)}Z`,
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    agentVersion ?? '',
    os ?? '',
  ])
  const table = columns([['HOST', 'WAY', 'CONNECTION', 'LABELS', 'AGENT', 'SYSTEM'], ...rows], paint)
  return `${table}${hosts.map((host) => wrongText(host, paint) + alarmText(host, paint)).join('')}`
}

/** The controller comes to it, so that the controller knows what is in the way. */
function wrongText({ id, wrong, alarm }: HostRecordView, paint: Paint): string {
  if (wrong === null || alarm?.code === wrong.code) return ''
  return `\n${paint.yellow(`${safeLine(id)} is not reached: ${safeLine(wrong.code)}`)}\n${indented(wrong.says)}\n`
}

/** A record that does not fit is told below the table: it is no detail of a row. */
function alarmText({ id, alarm }: HostRecordView, paint: Paint): string {
  if (alarm === null) return ''
  const head = paint.red(`ALARM ${safeLine(alarm.code)} on ${safeLine(id)} since ${alarm.at.slice(0, 16)}Z`)
  return `\n${head}\n  ${safeLine(alarm.says)}\n  Look at the host. To take its record as it is now:\n    fleetmend audit accept ${safeLine(id)} --reason TEXT\n`
}
