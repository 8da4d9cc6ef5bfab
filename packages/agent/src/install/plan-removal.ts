/**
 * From what is found on a host to no agent: steps in their order, or why not. Pure. Who it is, what it has on record and
 * what it was told to allow go only where that is asked for.
 */
import { problem } from '@fleetmend/shared/problems'
import { agentGroup, fixedLinks, installedPlaces } from '@fleetmend/shared/model/installed-agent'
import type { FoundAgent } from './found-agent.ts'
import { fleetWords, strangers, type Planned } from './plan-installation.ts'
import type { Step } from './step.ts'

export function planRemoval(found: FoundAgent, { purge }: { readonly purge: boolean }): Planned {
  if (found.applies.length > 0)
    return {
      ...{ steps: [], notes: [] },
      problem: problem(
        'uninstall-applying',
        `Cannot uninstall: ${found.applies.join(', ')} is at work on this host. Wait for its end, which is shown there by:\n    fleetmend-agent history`,
      ),
    }
  const { library, units, configuration, current, state } = installedPlaces
  const ours = found.units.filter(({ text }) => text !== null)
  const links = [{ path: current, target: found.current, isTaken: false }, ...found.links]
  const steps: readonly Step[] = [
    ...ours.filter(({ isActive }) => isActive).map(({ name }): Step => ({ step: 'stop', unit: name })),
    ...ours.filter(({ isEnabled }) => isEnabled).map(({ name }): Step => ({ step: 'disable', unit: name })),
    ...ours.map(({ name, text }): Step => ({
      ...{ step: 'write', path: `${units}/${name}.service` },
      ...{ before: text, after: null },
    })),
    ...(ours.length > 0 ? [{ step: 'reload-units' } as const] : []),
    ...links
      .filter(({ path, target }) => target !== null && target === ourTarget(path, found))
      .map(({ path, target }): Step => ({ step: 'link', path, before: target, after: null })),
    ...found.versions.map((name): Step => ({ step: 'remove-version', name, unlessUsed: false })),
    ...(found.folders.includes(library) && found.strangers.length === 0
      ? [{ step: 'remove-folder', path: library } as const]
      : []),
    ...[configuration, state]
      .filter((path) => purge && found.folders.includes(path))
      .map((path): Step => ({ step: 'remove-tree', path })),
    ...(found.hasGroup && found.accountsOfGroup.length === 0
      ? [{ step: 'remove-group', group: agentGroup } as const]
      : []),
  ]
  return { steps, notes: notesOf(found, purge), problem: null }
}

function ourTarget(path: string, { current }: FoundAgent): string | null {
  return path === installedPlaces.current ? current : (fixedLinks[path as keyof typeof fixedLinks] ?? null)
}

function notesOf(found: FoundAgent, purge: boolean): readonly string[] {
  const { configuration, state } = installedPlaces
  const stays = [configuration, state].filter((path) => !purge && found.folders.includes(path))
  const dropIns = found.units.flatMap((unit) => unit.dropIns)
  const foreign = found.links.filter(({ isTaken }) => isTaken).map(({ path }) => path)
  const other = found.units.filter(({ shadowedBy }) => shadowedBy !== null).map(({ shadowedBy }) => shadowedBy ?? '')
  return [
    ...(stays.length > 0
      ? [
          `${stays.join(' and ')} stay: what it may do, who it is, and its record of what was done. --purge removes them.`,
        ]
      : []),
    ...(dropIns.length > 0 ? [`Left alone, because a person put it there: ${dropIns.join(', ')}.`] : []),
    ...[...foreign, ...other].map((path) => `${path} is left alone, because it was not put there by this.`),
    ...(found.accountsOfGroup.length > 0
      ? [
          `The group ${agentGroup} stays, because ${found.accountsOfGroup.join(', ')} has it as its own. Where that is for a controller that comes over SSH, it goes with that account (userdel).`,
        ]
      : []),
    ...(purge && found.enrolled !== null
      ? [`Its fleet ${fleetWords(found.enrolled)} still has ${found.enrolled.host} on its list.`]
      : []),
    ...strangers(found),
  ]
}
