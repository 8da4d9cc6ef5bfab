/** systemd told what to do, by `systemctl`. */
import type { Did, SystemdVerb } from './host.ts'
import { runTool } from './run-tool.ts'

export async function tellSystemd(verb: SystemdVerb, service: string, limitMs: number): Promise<Did> {
  const args = verb.endsWith('-runtime') ? ['--runtime', verb.slice(0, -'-runtime'.length)] : [verb]
  return did(
    await runTool({ program: 'systemctl', args: ['--no-ask-password', ...args, '--', `${service}.service`], limitMs }),
    `systemctl ${args.join(' ')} ${service}`,
  )
}

export async function reloadUnitFiles(): Promise<Did> {
  return did(
    await runTool({ program: 'systemctl', args: ['--no-ask-password', 'daemon-reload'], limitMs: 60_000 }),
    'systemctl daemon-reload',
  )
}

function did(done: Awaited<ReturnType<typeof runTool>>, what: string): Did {
  if (!done.ok) return { ok: false, says: done.says }
  if (done.value.exitCode === 0) return { ok: true }
  return { ok: false, says: `${what} failed with ${done.value.exitCode}: ${done.value.stderr.trim().slice(0, 500)}` }
}
