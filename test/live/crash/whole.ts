/** Whether a host is whole after an apply was cut off or disturbed: a sentence for each thing that is not as it must be. */
import type { ApplyOutcome, ApplyReport } from '@fleetmend/shared'
import { until } from '../../lab/until.ts'
import type { Host } from '../faults/host-kit.ts'
import { differences, type HostState } from '../faults/host-state.ts'
import { newestApply } from './crash-host.ts'
import { stateOf, type Scene } from './scene.ts'

/** `same`: the remediation changes no file. `edited`: as a person made it meanwhile. */
export type Side = 'before' | 'after' | 'same' | 'edited' | 'neither'

export interface CrashRow {
  readonly how: 'boundary' | 'moment' | 'power' | 'mishap'
  readonly remediation: string
  readonly where: string
  readonly outcome: string
  readonly side: Side
  /** Until the apply is closed, and pages are answered as before or better. */
  readonly wholeMs: number
  readonly complaints: readonly string[]
}

interface Cut {
  readonly how: CrashRow['how']
  readonly where: string
  readonly sinceMs: number
}

/** Waits for the host to be whole by itself, and looks at it. */
export async function judge(scene: Scene, { how, where, sinceMs }: Cut): Promise<CrashRow> {
  const { host, crashCase } = scene
  const wholeMs = Math.round((await untilWhole(scene)) - sinceMs)
  const [report, now] = [await newestApply(host), await stateOf(host)]
  const side = sideOf(scene, now)
  const complaints = [...halfChanged(scene, now), ...historyWrongs(report, side), ...(await hostWrongs(scene, report))]
  return {
    how,
    remediation: crashCase.remediation,
    where,
    outcome: report?.outcome ?? 'open',
    side,
    wholeMs,
    complaints,
  }
}

/** Answers with when it was; what is not so after a while is among what is wrong then. */
export async function untilWhole({ host, answered }: Pick<Scene, 'host' | 'answered'>): Promise<number> {
  const answers = async (): Promise<boolean> => answered !== 200 || (await host.status('/ok.php')) === 200
  const isWhole = async () => ((await newestApply(host))?.phase ?? 'closed') === 'closed' && (await answers())
  await until(isWhole, 'the host to be whole', wholeLimitMs).catch(() => undefined)
  const atMs = Date.now()
  // Its unit lives on for a moment after the journal is closed.
  const isGone = async () => (await agentsAtWork(host)).length === 0
  await until(isGone, 'the apply to be gone', wholeLimitMs).catch(() => undefined)
  return atMs
}

const wholeLimitMs = 60_000

export function sideOf({ before, after }: Pick<Scene, 'before' | 'after'>, now: HostState): Side {
  if (differences(before, now).length === 0) return differences(before, after).length === 0 ? 'same' : 'before'
  return differences(after, now).length === 0 ? 'after' : 'neither'
}

function halfChanged({ before, after }: Scene, now: HostState): readonly string[] {
  const fromBefore = differences(before, now)
  const isNeither = fromBefore.length > 0 && differences(after, now).length > 0
  return isNeither ? fromBefore.map((each) => `half changed: ${each}`) : []
}

const sidesOf: Readonly<Record<ApplyOutcome, readonly Side[]>> = {
  fixed: ['after', 'same'],
  'cleared-still-failing': ['after', 'same'],
  inconclusive: ['after', 'same'],
  'not-fixed': ['same'],
  'rolled-back': ['before'],
  refused: ['before', 'same'],
  stuck: [],
}

function historyWrongs(report: ApplyReport | null, side: Side): readonly string[] {
  if (report === null || report.outcome === null) return [`history knows no end: ${report?.phase ?? 'no apply'}`]
  const { outcome, timeline, problem } = report
  return [
    ...(sidesOf[outcome].includes(side) ? [] : [`${outcome} is said, and the files are ${side}`]),
    ...(timeline.length < 2 ? ['history tells nothing'] : []),
    ...(outcome !== 'fixed' && problem === null ? [`history does not say why it is ${outcome}`] : []),
  ]
}

export async function hostWrongs({ host, answered }: Scene, report: ApplyReport | null): Promise<readonly string[]> {
  const [processes, leftovers, units, status] = await Promise.all([
    host.must(['ps', '-ww', '-eo', 'stat=,args=']),
    temporaries(host),
    host.must(['systemctl', 'show', '--property=Id,ActiveState,NeedDaemonReload', host.unit, 'nginx']),
    host.status('/ok.php'),
  ])
  const stopped = processes.split('\n').filter((line) => line.startsWith('T'))
  return [
    ...stopped.map((line) => `stands still: ${line}`),
    ...(await agentsAtWork(host)).map((line) => `still runs: ${line}`),
    ...leftovers.map((path) => `left behind: ${path}`),
    ...(answered === 200 || report?.outcome === 'fixed' ? serviceWrongs(units, status) : []),
    ...(units.includes('NeedDaemonReload=yes') ? ['systemd has not read its unit files again'] : []),
  ]
}

/** All but the agent that serves. Between an apply and what its unit does afterwards there may be no process for a moment. */
async function agentsAtWork(host: Host): Promise<readonly string[]> {
  const [processes, units] = await Promise.all([
    host.must(['ps', '-ww', '-eo', 'args=']),
    host.must(['systemctl', 'list-units', '--plain', '--no-legend', 'fleetmend-apply-*', 'fleetmend-rollback-*']),
  ])
  return [
    ...processes
      .split('\n')
      .filter((line) => / internal-(?!answer)/.test(line) && line.startsWith('/usr/lib/fleetmend')),
    ...units.split('\n').filter(Boolean),
  ]
}

/** Beside what the host reads, none; in the agent's own folder they are swept by the next apply. */
async function temporaries(host: Host): Promise<readonly string[]> {
  const find = (folders: readonly string[], ...tests: readonly string[]) =>
    host.run(['find', ...folders, '-xdev', '-regextype', 'posix-extended', ...tests])
  const [live, own] = await Promise.all([
    find(
      ['/etc', '/run', '/srv', '/tmp', '/var/tmp'],
      '-regex',
      String.raw`.*/\..*\.fleetmend-[0-9a-f]{12}|(/var)?/tmp/fleetmend-.*`,
    ),
    find(['/var/lib/fleetmend'], '-mmin', '+1', '-regex', String.raw`.*/\..*\.[0-9a-f]{12}`),
  ])
  return `${live.stdout}${own.stdout}`.split('\n').filter(Boolean)
}

function serviceWrongs(units: string, status: number): readonly string[] {
  const down = units.split('\n\n').filter((unit) => !unit.includes('ActiveState=active'))
  return [
    ...down.map((unit) => `does not run: ${unit.trim().replaceAll('\n', ' ')}`),
    ...(status === 200 ? [] : [`a page of PHP answers ${status}`]),
  ]
}
