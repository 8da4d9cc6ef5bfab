/** A remediation on a host: how the host is on either side of it, and what an apply does that nobody disturbs. */
import { dirname } from 'node:path'
import type { PlanDocument, PlanRecord } from '@fleetmend/shared'
import type { Host } from '../faults/host-kit.ts'
import { takeHostState, type HostState } from '../faults/host-state.ts'
import type { CrashCase } from './crash-cases.ts'
import { asShipped, deedsDone, installHook, newestApply, undisturbed, wish } from './crash-host.ts'

export interface Scene {
  readonly host: Host
  readonly crashCase: CrashCase
  readonly before: HostState
  readonly after: HostState
  /** What a page of PHP answered before: 200, or what is to be mended. */
  readonly answered: number
  /** The same once the host was off and on again: what is disabled or masked does not come back. */
  readonly answersBooted: number
  readonly deeds: readonly string[]
  readonly tookMs: number
  /** The host is no longer, or not surely, as it was before. */
  isSpent: boolean
}

export async function openScene(host: Host, crashCase: CrashCase): Promise<Scene> {
  await begin(host, crashCase)
  const [before, answered] = [await stateOf(host), await host.status('/ok.php')]
  const answersBooted = await answersOnceBooted(host)
  await begin(host, crashCase)
  const { digest } = await plan(host, crashCase)
  await wish(host, undisturbed)
  const ran = await host.agent('apply', digest)
  const report = await newestApply(host)
  if (report?.outcome !== 'fixed')
    throw new Error(`${crashCase.remediation} does not fix its case:\n${ran.stdout}${ran.stderr}`)
  const deeds = await deedsDone(host)
  const tookMs = Date.parse(report.endedAt ?? '') - Date.parse(report.startedAt)
  const after = await stateOf(host)
  return { host, crashCase, before, after, answered, answersBooted, deeds: ofApply(deeds), tookMs, isSpent: true }
}

async function answersOnceBooted(host: Host): Promise<number> {
  await host.cutPower()
  await host.powerOn()
  await host.run(['systemctl', 'is-system-running', '--wait'])
  const status = await host.status('/ok.php')
  await installHook(host)
  return status
}

/** The lock is given back last; what the agent remembers for later is no part of the apply. */
function ofApply(deeds: readonly string[]): readonly string[] {
  return deeds.slice(0, deeds.indexOf('remove /var/lib/fleetmend/lock') + 1)
}

/** As it was before, unless it still is. */
export async function backAgain(scene: Scene): Promise<void> {
  if (scene.isSpent) await begin(scene.host, scene.crashCase)
  scene.isSpent = false
}

async function begin(host: Host, { break: breakHost }: CrashCase): Promise<void> {
  await asShipped(host)
  await breakHost?.(host)
}

export async function plan(host: Host, { remediation, input }: CrashCase): Promise<PlanRecord> {
  // Visitors come by: what is known of them only from before a rollback is no evidence any more.
  await host.status('/ok.php')
  const given = typeof input === 'function' ? await input(host) : input
  const words = [remediation, ...given.flatMap((each) => ['--input', each]), '--watch', '0', '--json']
  const { stdout, stderr } = await host.agent('plan', ...words)
  const [planned] = stdout.startsWith('{') ? (JSON.parse(stdout) as PlanDocument).plans : []
  if (!planned) throw new Error(`Nothing to plan for ${words.join(' ')}:\n${stdout}${stderr}`)
  return planned
}

/** With the folder of the pools, which may be a file system of its own. */
export async function stateOf(host: Host): Promise<HostState> {
  const [state, pools] = await Promise.all([
    takeHostState(host, [host.unit, 'nginx']),
    host.snapshot([dirname(host.pool)]),
  ])
  return { ...state, files: { ...state.files, ...pools } }
}
