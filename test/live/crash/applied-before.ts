/** What is applied on a host before the apply that is cut off: an undo needs something to undo. */
import type { ApplyDocument } from '@fleetmend/shared'
import type { Host } from '../faults/host-kit.ts'
import type { CrashCase } from './crash-cases.ts'
import { undisturbed, wish } from './crash-host.ts'
import { plan } from './scene.ts'

export async function applyBefore(host: Host, crashCase: CrashCase): Promise<void> {
  await wish(host, undisturbed)
  const { digest } = await plan(host, crashCase)
  const ran = await host.agent('apply', digest)
  if (ran.exitCode !== 0) throw new Error(`${crashCase.remediation} is not applied:\n${ran.stdout}${ran.stderr}`)
}

/** The newest apply of it that was not undone by itself. */
export async function newestOf(host: Host, remediation: string): Promise<string> {
  const { stdout } = await host.agent('history', '--json')
  const { applies } = JSON.parse(stdout) as ApplyDocument
  const found = applies.find(({ remediations, outcome }) => remediations.includes(remediation) && outcome === 'fixed')
  if (!found) throw new Error(`${remediation} was not applied on ${host.unit}.`)
  return found.apply
}
