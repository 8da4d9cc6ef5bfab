/** A fleet's diagnosis: hosts with the same trouble once, with one of them as the example; healthy ones in a line. */
import {
  diagnosisText,
  hostCount,
  hostNames,
  remediationWords,
  shellWord,
  whyNotDiagnosed,
  type HostDiagnosis,
  type Paint,
} from '@fleetmend/shared'
import { diagnosisGroups } from './diagnosis-groups.ts'
import { indented } from './indented.ts'

/** `over`: what the hosts are reached through, which commands to copy must say. */
export function fleetDiagnosisText(
  hosts: readonly HostDiagnosis[],
  paint: Paint,
  over: 'controller' | 'ssh' = 'controller',
): string {
  const blocks = diagnosisGroups(hosts).map((group) => groupText(group, paint, over))
  const count = (status: HostDiagnosis['status']) => hosts.filter((host) => host.status === status).length
  const unseen = hosts.filter(({ outcome }) => outcome !== 'diagnosed').length
  const totals = [
    [count('failing'), 'failing', paint.red],
    [count('at-risk'), 'at risk', paint.yellow],
    [count('healthy'), 'healthy', paint.green],
    [unseen, 'not seen', paint.red],
  ] as const
  const words = totals.flatMap(([number, word, colour]) => (number === 0 ? [] : [colour(`${number} ${word}`)]))
  return hosts.length === 1
    ? blocks.join('\n')
    : `${blocks.join('\n')}\n${hostCount(hosts.length)}: ${words.join(', ')}\n`
}

function groupText(group: readonly HostDiagnosis[], paint: Paint, over: 'controller' | 'ssh'): string {
  const [example] = group
  if (!example) return ''
  const names = group.map(({ host }) => host)
  const isUneventful =
    example.status === 'healthy' && example.findings.length === 0 && example.couldNotTell.length === 0
  if (isUneventful && group.length > 1) return `${paint.bold(hostNames(names))}  ${paint.green('healthy')}\n`
  if (example.outcome !== 'diagnosed' && group.length > 1)
    return `${paint.bold(hostNames(names))}  ${paint.red(whyNotDiagnosed(example))}\n${indented(example.says ?? '')}\n`
  const alike = group.length > 1 ? `${paint.bold(hostCount(group.length))} alike: ${hostNames(names)}\nas seen on ` : ''
  const named = names.map(shellWord).join(' ')
  const forHosts = over === 'ssh' ? ` --ssh ${named}` : names.length <= 6 ? ` ${named}` : ''
  const planCommand = (remediation: Parameters<typeof remediationWords>[0]) =>
    `fleetmend plan --do ${remediationWords(remediation)}${forHosts}`
  return `${alike}${diagnosisText(example, paint, planCommand)}`
}
