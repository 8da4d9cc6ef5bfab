/** systemd told what to do, by `systemctl`. */
import type { Did } from './host.ts'
import { runTool } from './run-tool.ts'

export async function tellSystemd(
  verb: 'start' | 'stop' | 'restart' | 'reset-failed',
  service: string,
  limitMs: number,
): Promise<Did> {
  return did(
    await runTool({ program: 'systemctl', args: ['--no-ask-password', verb, '--', `${service}.service`], limitMs }),
    `systemctl ${verb} ${service}`,
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
