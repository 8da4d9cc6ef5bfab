/** Applies that something comes between, on a host: what must come of each is known, and so is what a person can do then. */
import type { Host } from '../faults/host-kit.ts'
import type { CrashCase } from './crash-cases.ts'
import { newestApply, undisturbed, wish } from './crash-host.ts'
import { goesOn, standsStill } from './cut-off.ts'
import { handsLine, type Mishap } from './mishaps.ts'
import { backAgain, openScene, plan, stateOf, type Scene } from './scene.ts'
import { hostWrongs, sideOf, untilWhole, type CrashRow, type Side } from './whole.ts'

/** One after the other, those with the same disks together: they begin from the same state. */
export async function* disturb(host: Host, crashCase: CrashCase, mishaps: readonly Mishap[]): AsyncGenerator<CrashRow> {
  for (const [folder, own] of Map.groupBy(mishaps, ({ smallDisk }) => smallDisk)) {
    const onDisk = folder === undefined ? {} : { break: () => smallDisk(host, folder) }
    const scene = await openScene(host, { ...crashCase, ...onDisk })
    for (const mishap of own) yield await disturbOnce(scene, mishap)
  }
}

async function disturbOnce(scene: Scene, mishap: Mishap): Promise<CrashRow> {
  const { host, crashCase } = scene
  await backAgain(scene)
  scene.isSpent = true
  const { digest } = await plan(host, crashCase)
  await wish(host, mishap.before === undefined ? undisturbed : { deed: mishap.before, nth: 1 }, 'SIGSTOP')
  if (mishap.before === undefined) await mishap.happens(host)
  const sinceMs = Date.now()
  const caller = host.agent('apply', digest)
  if (mishap.before !== undefined) {
    if (!(await standsStill(host, caller))) throw new Error(`The apply did not come to ${mishap.before}.`)
    await mishap.happens(host)
    await goesOn(host, mishap.killed ? 'KILL' : 'CONT')
  }
  const { stdout, stderr } = await caller
  const wholeMs = Math.round((await untilWhole(scene)) - sinceMs)
  const report = await newestApply(host)
  // Without its record only whoever asked, and the log of its unit, know of it.
  const isLost = report?.plan !== digest
  const says = isLost
    ? await host.must(['journalctl', '-b', '--no-pager', '-o', 'cat', '-u', 'fleetmend-apply-*'])
    : (report.problem?.detail ?? '')
  const outcome = isLost
    ? /its record is gone/.test(stderr)
      ? 'stuck'
      : `nothing: ${stdout}${stderr}`
    : (report.outcome ?? 'open')
  await mishap.over?.(host)
  const side = await sideNow(scene)
  const complaints = [
    ...(outcome === mishap.outcome ? [] : [`${outcome} instead of ${mishap.outcome}: ${says}`]),
    ...(side === mishap.side ? [] : [`${side} instead of ${mishap.side}`]),
    ...(mishap.tells && !mishap.tells.test(says) ? [`nothing tells ${String(mishap.tells)}: ${says}`] : []),
    ...(await hostWrongs(scene, report)),
  ]
  if (mishap.stepsLeadBack) complaints.push(...(await followSteps(scene, says)))
  return { how: 'mishap', remediation: crashCase.remediation, where: mishap.says, outcome, side, wholeMs, complaints }
}

/** What a person would copy: the lines that stand by themselves. */
async function followSteps(scene: Scene, says: string): Promise<readonly string[]> {
  const [, steps = ''] = says.split('By hand, in this order:\n')
  const commands = steps.split('\n').filter((line) => line.startsWith('    '))
  for (const command of commands) await scene.host.run(['sh', '-c', command])
  const side = await sideNow(scene)
  return commands.length > 0 && side === 'before' ? [] : [`after its steps the host is ${side}: ${commands.join('; ')}`]
}

async function sideNow(scene: Scene): Promise<Side> {
  const { host } = scene
  const text = await host.readFile(host.pool)
  return text.endsWith(handsLine) ? 'edited' : sideOf(scene, await stateOf(host))
}

/** With what was in the folder. */
async function smallDisk(host: Host, folder: string): Promise<void> {
  await host.must(['mkdir', '-p', folder])
  await host.must(['cp', '-a', folder, '/run/copy'])
  await host.must(['mount', '-t', 'tmpfs', '-o', 'size=1m,mode=0755', 'small', folder])
  await host.must(['cp', '-a', '/run/copy/.', folder])
  await host.must(['rm', '-rf', '/run/copy'])
}
