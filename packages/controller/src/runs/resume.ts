/**
 * What is still owed to the world when a controller takes up a run that another one left. A host that was told to apply is
 * asked, never told again: nobody knows whether the command arrived. Pure.
 */
import type { Run } from '@fleetmend/shared'
import type { Command } from './command.ts'

export function resume(run: Run): readonly Command[] {
  const commands = run.hosts.flatMap(({ id, state, plan }): Command[] => {
    if (run.state === 'planning' && state === 'planning') return [{ do: 'plan-host', host: id }]
    if ((state === 'applying' || state === 'lost') && plan) return [{ do: 'ask-host', host: id, plan }]
    return []
  })
  const manifestIsOwed = run.state === 'planning' && commands.length === 0
  return manifestIsOwed ? [{ do: 'ask-approval' }] : commands
}
