/** Whether a host is whole after an apply was cut off: a sentence for each thing that is not as it must be. */
import type { ApplyDocument, ApplyOutcome, ApplyReport } from '@fleetmend/shared'
import type { Host } from '../faults/host-kit.ts'

/** `same`: the remediation changes no file. */
export type Side = 'before' | 'after' | 'same' | 'edited' | 'neither'

export async function newestApply(host: Host): Promise<ApplyReport | null> {
  const { stdout } = await host.agent('history', '--json')
  return (JSON.parse(stdout) as ApplyDocument).applies[0] ?? null
}

const sidesOf: Readonly<Record<ApplyOutcome, readonly Side[]>> = {
  fixed: ['after', 'same'],
  'cleared-still-failing': ['after', 'same'],
  inconclusive: ['after', 'same'],
  'not-fixed': ['same'],
  'rolled-back': ['before'],
  refused: ['before', 'same'],
  stuck: ['edited'],
}

interface Asked {
  readonly host: Host
  /** What a page of PHP answered before. */
  readonly answered: number
}

export async function wrongs({ host, answered }: Asked, report: ApplyReport | null, side: Side): Promise<readonly string[]> {
  const [processes, leftovers, units, status] = await Promise.all([
    host.must(['ps', '-ww', '-eo', 'stat=,args=']),
    host.must(['find', '/etc', '/var/lib/fleetmend', '/run', '/tmp', '/var/tmp', '-xdev', '-regex', temporary]),
    host.must(['systemctl', 'show', '--property=Id,ActiveState,NeedDaemonReload', host.unit, 'nginx']),
    host.status('/ok.php'),
  ])
  const lines = processes.split('\n')
  return [
    ...historyWrongs(report, side),
    ...lines.filter((line) => line.startsWith('T')).map((line) => `stands still: ${line}`),
    ...lines.filter((line) => / internal-(?!answer)/.test(line)).map((line) => `still runs: ${line}`),
    ...leftovers.split('\n').filter(Boolean).map((path) => `left behind: ${path}`),
    ...(answered === 200 || report?.outcome === 'fixed' ? serviceWrongs(units, status) : []),
    ...(units.includes('NeedDaemonReload=yes') ? ['systemd has not read its unit files again'] : []),
  ]
}

/** Those that files are replaced with, on the host and in the agent's own folder. */
const temporary = String.raw`.*/\..*\.\(fleetmend-\)?[0-9a-f]\{12\}`

function historyWrongs(report: ApplyReport | null, side: Side): readonly string[] {
  if (report?.outcome == null) return [`history knows no end: ${report?.phase ?? 'no apply'}`]
  const { outcome, timeline, problem } = report
  const tells = [...timeline.map(({ says }) => says), problem?.detail ?? ''].join('\n')
  return [
    ...(sidesOf[outcome].includes(side) ? [] : [`${outcome} is said, and the files are ${side}`]),
    ...(tells.trim() === '' ? ['history tells nothing'] : []),
    ...(outcome !== 'fixed' && problem === null ? [`history does not say why it is ${outcome}`] : []),
  ]
}

function serviceWrongs(units: string, status: number): readonly string[] {
  const down = units.split('\n\n').filter((unit) => !unit.includes('ActiveState=active'))
  return [
    ...down.map((unit) => `does not run: ${unit.trim().replaceAll('\n', ' ')}`),
    ...(status === 200 ? [] : [`a page of PHP answers ${status}`]),
  ]
}
