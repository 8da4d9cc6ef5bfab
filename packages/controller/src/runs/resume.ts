/**
 * What is still owed to the world when a controller takes up a run that another one left. A host that was told to apply is
 * asked, never told again: nobody knows whether the command arrived. Pure.
 */
import type { Run } from '@fleetmend/shared'
import type { Command } from './command.ts'
import { isIn } from './step.ts'
import { calledHosts, changedInLastWave } from './waves.ts'

export function resume(run: Run): readonly Command[] {
  const commands: Command[] = run.hosts.flatMap(({ id, state, plan }): Command[] => {
    if (run.state === 'planning' && state === 'planning') return [{ do: 'plan-host', host: id }]
    if ((state === 'applying' || state === 'lost') && plan) return [{ do: 'ask-host', host: id, plan }]
    if (state === 'away' && !run.stopping) return [{ do: 'await-host', host: id }]
    return []
  })
  if (isIn(run, 'applying', 'waiting', 'holding', 'paused') && !run.stopping) commands.push(...watches(run))
  if (isIn(run, 'applying', 'waiting') && calledHosts(run).length > 0) commands.push({ do: 'ask-room' })
  const manifestIsOwed = run.state === 'planning' && commands.length === 0
  return manifestIsOwed ? [{ do: 'ask-approval' }] : commands
}

function watches(run: Run): readonly Command[] {
  return run.groups.flatMap((group): Command[] => {
    const { watched, key } = group
    if (watched?.unwell !== null) return []
    const hosts = changedInLastWave(run, group).map(({ id }) => id)
    return [{ do: 'watch-wave', group: key, wave: watched.wave, hosts, until: watched.until }]
  })
}
