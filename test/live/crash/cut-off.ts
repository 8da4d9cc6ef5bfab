/** One apply that is cut off, and what becomes of the host when nobody does anything but what is installed there. */
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../faults/host-kit.ts'
import { until } from '../../lab/until.ts'
import { deedsDone, installHook, undisturbed, wish } from './crash-host.ts'
import { backAgain, plan, type Scene } from './scene.ts'
import { judge, type CrashRow } from './whole.ts'

/** Before which deed, or when after the process began. */
export type Moment = { readonly deed: string; readonly nth: number } | { readonly afterMs: number }

/** Null: the apply was through before it could be cut off. */
export async function cutOff(scene: Scene, cut: 'kill' | 'power', moment: Moment): Promise<CrashRow | null> {
  const { host } = scene
  await backAgain(scene)
  const { digest } = await plan(host, scene.crashCase)
  await wish(host, 'deed' in moment ? moment : undisturbed, cut === 'power' ? 'SIGSTOP' : 'SIGKILL')
  const caller = host.agent('apply', digest).catch((error: unknown) => error)
  const at = 'deed' in moment ? await cutBefore(host, caller, cut) : await cutAfter(host, cut, moment.afterMs)
  await caller
  if (at === null) {
    scene.isSpent = true
    return null
  }
  const row = await judge(cut === 'power' ? { ...scene, answered: scene.answersBooted } : scene, {
    how: how(cut, moment),
    where: at.where,
    sinceMs: at.atMs,
  })
  if (cut === 'power') await installHook(host)
  scene.isSpent = cut === 'power' || !(row.side === 'before' && /^(refused|rolled-back)$/.test(row.outcome))
  return row
}

function how(cut: 'kill' | 'power', moment: Moment): CrashRow['how'] {
  if (cut === 'power') return 'power'
  return 'deed' in moment ? 'boundary' : 'moment'
}

interface CutAt {
  readonly where: string
  readonly atMs: number
}

async function cutBefore(host: Host, caller: Promise<unknown>, cut: 'kill' | 'power'): Promise<CutAt | null> {
  if (cut === 'power') {
    if (!(await standsStill(host, caller))) return null
    return cutPower(host, await deedBefore(host))
  }
  // It ends itself there, and whoever asked is told once recovery is done.
  await caller
  if (!(await wasCutThere(host))) return null
  return { where: await deedBefore(host), atMs: statSync(`/proc/${host.leaderPid}/root/run/deeds/done`).mtimeMs }
}

async function deedBefore(host: Host): Promise<string> {
  return `before \`${(await deedsDone(host)).at(-1)}\``
}

/** The hook ended it there: an apply that was through would have done more. */
async function wasCutThere(host: Host): Promise<boolean> {
  const done = await deedsDone(host)
  const wanted = JSON.parse(await host.readFile('/run/deeds/wish.json')) as { deed: string; nth: number }
  return done.at(-1) === wanted.deed && done.filter((each) => each === wanted.deed).length === wanted.nth
}

/** False: the apply ended without coming there. Whoever asked for it is answered before its last deeds. */
export async function standsStill(host: Host, caller: Promise<unknown>): Promise<boolean> {
  let ended = false
  void caller.then(() => (ended = true))
  const stands = async () => (await applyProcess(host)).startsWith('T')
  await until(async () => (await stands()) || (ended && (await applyProcess(host)) === ''), 'the apply to stand still')
  return stands()
}

export async function goesOn(host: Host, signal: 'CONT' | 'KILL' = 'CONT'): Promise<void> {
  await host.must(['kill', `-${signal}`, pidOf(await applyProcess(host))])
}

async function cutAfter(host: Host, cut: 'kill' | 'power', afterMs: number): Promise<CutAt | null> {
  await until(async () => (await applyProcess(host)) !== '', 'the apply to begin')
  await sleep(afterMs)
  const pid = pidOf(await applyProcess(host))
  if (pid === '') return null
  const where = `${afterMs} ms in, after \`${(await deedsDone(host)).at(-1) ?? 'its start'}\``
  if (cut === 'power') return cutPower(host, where)
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

/** As `ps` has it, with state and pid; empty when there is none. */
async function applyProcess(host: Host): Promise<string> {
  const { stdout } = await host.run(['ps', '-ww', '-eo', 'stat=,pid=,args='])
  return stdout.split('\n').find((line) => /^\S+\s+\d+ \/usr\/lib\/fleetmend\/node .* internal-apply /.test(line)) ?? ''
}

function pidOf(line: string): string {
  return /^\S+\s+(\d+)/.exec(line)?.[1] ?? ''
}
