/** One apply that is cut off, and what becomes of the host when nobody does anything but what is installed there. */
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApplyReport, PlanDocument } from '@fleetmend/shared'
import { until } from '../../lab/until.ts'
import { differences, takeHostState, type HostState } from '../faults/host-state.ts'
import type { Host } from '../faults/host-kit.ts'
import { asShipped, deedsDone, installHook, wish } from './crash-host.ts'
import type { CrashCase } from './crash-cases.ts'
import { newestApply, wrongs, type Side } from './whole.ts'

export interface CrashRow {
  readonly remediation: string
  readonly where: string
  readonly outcome: string
  readonly side: Side
  readonly wholeMs: number
  /** A sentence for each thing that is not as it must be. */
  readonly complaints: readonly string[]
}

/** A remediation on a host, and how the host is on either side of it. */
export interface Scene {
  readonly host: Host
  readonly crashCase: CrashCase
  readonly before: HostState
  readonly after: HostState
  readonly answered: number
  /** What an apply that nobody disturbs does, in its order, and how long it takes. */
  readonly deeds: readonly string[]
  readonly tookMs: number
  /** The last apply ended on the other side, or nobody knows where. */
  isSpent: boolean
}

export type Cut =
  | { readonly cut: 'kill' | 'power'; readonly beforeDeed: number }
  | { readonly cut: 'kill' | 'power'; readonly afterMs: number }

export async function openScene(host: Host, crashCase: CrashCase): Promise<Scene> {
  await begin(host, crashCase)
  const [before, answered] = [await stateOf(host), await host.status('/ok.php')]
  const digest = await plan(host, crashCase)
  await wish(host, 0)
  const startedMs = Date.now()
  await host.agent('apply', digest)
  const tookMs = Date.now() - startedMs
  const report = await newestApply(host)
  if (report?.outcome !== 'fixed')
    throw new Error(`${crashCase.remediation} does not fix: ${report?.outcome ?? 'nothing'}\n${JSON.stringify(report)}`)
  const [after, deeds] = [await stateOf(host), await deedsDone(host)]
  return { host, crashCase, before, after, answered, deeds, tookMs, isSpent: true }
}

/** Null: the apply was through before it could be cut off. */
export async function cutOff(scene: Scene, how: Cut): Promise<CrashRow | null> {
  const { host, crashCase } = scene
  if (scene.isSpent) await begin(host, crashCase)
  const digest = await plan(host, crashCase)
  const at = 'beforeDeed' in how ? how.beforeDeed : 0
  await wish(host, at, how.cut === 'power' ? 'SIGSTOP' : 'SIGKILL')
  scene.isSpent = true
  const caller = host.agent('apply', digest).catch((error: unknown) => error)
  const cut = 'beforeDeed' in how ? await cutBefore(host, caller, how) : await cutAfter(host, how)
  if (cut === null) {
    await caller
    return null
  }
  await caller
  const wholeAtMs = await whole(scene)
  if (how.cut === 'power') await installHook(host)
  const report = await newestApply(host)
  const now = await stateOf(host)
  const side = sideOf(scene, now)
  scene.isSpent = how.cut === 'power' || side !== 'before' || !isUntouched(report)
  return {
    remediation: crashCase.remediation,
    where: cut.where,
    outcome: report?.outcome ?? 'open',
    side,
    wholeMs: Math.round(wholeAtMs - cut.atMs),
    complaints: [...sideWrongs(scene, now), ...(await wrongs(scene, report, side))],
  }
}

export async function begin(host: Host, { break: breakHost }: CrashCase): Promise<void> {
  await asShipped(host)
  await breakHost?.(host)
}

export async function plan(host: Host, { remediation, input }: CrashCase): Promise<string> {
  const words = [remediation, ...input.flatMap((each) => ['--input', each]), '--watch', '0', '--json']
  const { stdout, stderr } = await host.agent('plan', ...words)
  const [planned] = (JSON.parse(stdout) as PlanDocument).plans
  if (!planned) throw new Error(`Nothing to plan for ${words.join(' ')}:\n${stdout}${stderr}`)
  return planned.digest
}

export function stateOf(host: Host): Promise<HostState> {
  return takeHostState(host, [host.unit, 'nginx'])
}

interface CutAt {
  readonly where: string
  readonly atMs: number
}

async function cutBefore(host: Host, caller: Promise<unknown>, { cut, beforeDeed }: Extract<Cut, { beforeDeed: number }>) {
  if (cut === 'kill') {
    // It ends itself there, and whoever asked is told once recovery is done.
    await caller
    const done = await deedsDone(host)
    if (done.length < beforeDeed) return null
    return { where: `before \`${done.at(-1)}\``, atMs: statSync(`/proc/${host.leaderPid}/root/run/deeds/done`).mtimeMs }
  }
  let ended = false
  void caller.then(() => (ended = true))
  await until(async () => ended || (await applyProcess(host)).startsWith('T'), 'the apply to stand still')
  if (ended) return null
  const where = `power, before \`${(await deedsDone(host)).at(-1)}\``
  return cutPower(host, where)
}

/** From when the process is there. */
async function cutAfter(host: Host, { cut, afterMs }: Extract<Cut, { afterMs: number }>): Promise<CutAt | null> {
  await until(async () => (await applyProcess(host)) !== '', 'the apply to begin')
  await sleep(afterMs)
  const pid = /^\S+\s+(\d+)/.exec(await applyProcess(host))?.[1]
  if (pid === undefined) return null
  const where = `${afterMs} ms in, after \`${(await deedsDone(host)).at(-1) ?? 'its start'}\``
  if (cut === 'power') return cutPower(host, `power, ${where}`)
  const atMs = Date.now()
  const killed = await host.run(['kill', '-KILL', pid])
  return killed.exitCode === 0 ? { where, atMs } : null
}

async function cutPower(host: Host, where: string): Promise<CutAt> {
  const atMs = Date.now()
  await host.cutPower()
  await host.powerOn()
  return { where, atMs }
}

/** State and pid; empty when there is none. */
async function applyProcess(host: Host): Promise<string> {
  const { stdout } = await host.run(['ps', '-ww', '-eo', 'stat=,pid=,args='])
  return stdout.split('\n').find((line) => / internal-apply /.test(line) && / \/usr\/lib\/fleetmend\/node /.test(line)) ?? ''
}

/** When the apply is closed, nothing of it runs, and pages are answered as they were or better. */
async function whole({ host, answered }: Scene): Promise<number> {
  const answers = async (): Promise<boolean> => answered !== 200 || (await host.status('/ok.php')) === 200
  await until(async () => (await newestApply(host))?.phase === 'closed' && (await answers()), 'the host to be whole', 60_000)
  return Date.now()
}

function isUntouched(report: ApplyReport | null): boolean {
  return report?.outcome === 'refused' || report?.outcome === 'rolled-back'
}

function sideOf({ before, after }: Scene, now: HostState): Side {
  if (differences(before, now).length === 0) return differences(before, after).length === 0 ? 'same' : 'before'
  return differences(after, now).length === 0 ? 'after' : 'neither'
}

function sideWrongs({ before, after }: Scene, now: HostState): readonly string[] {
  const [toBefore, toAfter] = [differences(before, now), differences(after, now)]
  return toBefore.length > 0 && toAfter.length > 0 ? toBefore.map((each) => `half changed: ${each}`) : []
}
