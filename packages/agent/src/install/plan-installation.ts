/**
 * From what is found on a host to an agent that is installed: steps in their order, or why not. Pure. What is as it should
 * be takes no step, so that a second time there is nothing to do.
 */
import { problem } from '@fleetmend/shared/problems'
import type { Problem } from '@fleetmend/shared'
import { agentGroup, agentUnit, agentUnits, fixedLinks, installedPlaces } from '@fleetmend/shared/model/installed-agent'
import type { WantedInstallation } from '@fleetmend/shared/protocol/installation'
import type { Enrolled, FoundAgent, FoundUnit } from './found-agent.ts'
import { diffOf, type Step } from './step.ts'

export interface WantedAgent extends Omit<WantedInstallation, 'want'> {
  /** The name of its folder. */
  readonly version: string
  readonly unitTexts: ReadonlyMap<string, string>
}

export interface Planned {
  readonly steps: readonly Step[]
  readonly notes: readonly string[]
  readonly problem: Problem | null
}

export function planInstallation(found: FoundAgent, wanted: WantedAgent): Planned {
  const refused = whyNot(found, wanted)
  if (refused !== null) return { steps: [], notes: [], problem: refused }
  const { library, units, configuration, current, approvers, policy } = installedPlaces

  const unitFiles = agentUnits.flatMap((name): readonly Step[] => {
    const [before, after] = [unitOf(found, name)?.text ?? null, wanted.unitTexts.get(name) ?? null]
    return before === after ? [] : [{ step: 'write', path: `${units}/${name}.service`, before, after }]
  })
  const put: readonly Step[] = found.isWantedWhole ? [] : [{ step: 'put-version', name: wanted.version }]
  const switched: readonly Step[] =
    found.current === wanted.version
      ? []
      : [{ step: 'link', path: current, before: found.current, after: wanted.version }]
  const group: readonly Step[] = found.hasGroup ? [] : [{ step: 'make-group', group: agentGroup }]
  const serving = unitOf(found, agentUnit)
  const isNew = [...put, ...switched, ...unitFiles, ...group].length > 0
  const rules = [
    ...written(approvers, found.approvers, wanted.approvers),
    ...written(policy, found.policy, wanted.policy),
  ]
  const begun: readonly Step[] =
    serving?.isActive !== true
      ? [{ step: 'start', unit: agentUnit }]
      : isNew || !found.isAnswering
        ? [{ step: 'restart', unit: agentUnit }]
        : []
  const enrolment: readonly Step[] =
    wanted.enrol === null || found.enrolled !== null ? [] : [{ step: 'enrol', host: wanted.enrol.host }]
  const isBegun = begun.length > 0
  const old = found.versions.filter((name) => name !== wanted.version)

  const steps: readonly Step[] = [
    ...group,
    ...[library, configuration]
      .filter((path) => !found.folders.includes(path))
      .map((path): Step => ({ step: 'make-folder', path })),
    ...put,
    ...rules,
    ...unitFiles,
    ...Object.entries(fixedLinks).flatMap(([path, after]): readonly Step[] => {
      const before = found.links.find((each) => each.path === path)?.target ?? null
      return before === after ? [] : [{ step: 'link', path, before, after }]
    }),
    ...switched,
    ...(unitFiles.length > 0 ? [{ step: 'reload-units' } as const] : []),
    ...agentUnits
      .filter((name) => unitOf(found, name)?.isEnabled !== true)
      .map((unit): Step => ({ step: 'enable', unit })),
    ...begun,
    ...(isBegun ? [{ step: 'ask-agent' } as const] : []),
    ...(isBegun && found.isConnected ? [{ step: 'see-line' } as const] : []),
    ...enrolment,
    ...(enrolment.length > 0 ? [{ step: 'see-line' } as const] : []),
    ...old
      .filter((name) => mayGo(found, name))
      .map((name): Step => ({ step: 'remove-version', name, unlessUsed: true })),
  ]
  return { steps, notes: notesOf(found, wanted, old), problem: null }
}

function unitOf(found: FoundAgent, name: string): FoundUnit | undefined {
  return found.units.find((each) => each.name === name)
}

function written(path: string, before: string | null, after: string | null): readonly Step[] {
  return after === null || before === after ? [] : [{ step: 'write', path, before, after }]
}

/** The one that serves until now is left by the restart; an apply may start itself again from any of them. */
function mayGo(found: FoundAgent, name: string): boolean {
  return found.applies.length === 0 && (name === found.current || !found.inUse.includes(name))
}

function notesOf(found: FoundAgent, wanted: WantedAgent, old: readonly string[]): readonly string[] {
  const stay = old.filter((name) => !mayGo(found, name))
  const why = found.applies.length > 0 ? `${found.applies.join(', ')} is at work` : 'a process runs from it'
  const dropIns = found.units.flatMap((unit) => unit.dropIns)
  const edited = found.units.filter(
    ({ text, textOfCurrent }) => text !== null && textOfCurrent !== null && text !== textOfCurrent,
  )
  return [
    ...stay.map((name) => `${name} stays, because ${why}; the next install takes it away.`),
    ...edited
      .filter(({ name, text }) => text !== wanted.unitTexts.get(name))
      .map(
        ({ name }) => `${name}.service was edited here. What is to last stands in a drop-in: systemctl edit ${name}`,
      ),
    ...(dropIns.length > 0 ? [`In force as they are: ${dropIns.join(', ')}.`] : []),
    ...(wanted.approvers === null && found.approvers === null
      ? [
          `There is no ${installedPlaces.approvers}: the host can be diagnosed and planned for, and nobody but root there can have anything applied. It is given with --approvers.`,
        ]
      : []),
    ...(wanted.enrol === null && found.enrolled === null ? ['The host belongs to no fleet.'] : []),
    ...strangers(found),
  ]
}

export function strangers(found: FoundAgent): readonly string[] {
  return found.strangers.length === 0
    ? []
    : [`Left alone, because nobody here knows what it is: ${found.strangers.join(', ')}.`]
}

function whyNot(found: FoundAgent, wanted: WantedAgent): Problem | null {
  if (!found.runsSystemd)
    return problem(
      'install-not-possible',
      'Cannot install: systemd does not run the services of this host, and an agent is one of them.\n\nTo look at it without:\n    fleetmend diagnose --ssh HOST',
    )
  const taken = found.links.filter(({ isTaken }) => isTaken).map(({ path }) => path)
  if (taken.length > 0)
    return problem(
      'install-not-ours',
      `Cannot install: ${taken.join(', ')} is there already, and was not put there by this. Where a package did it, update that package; otherwise remove it first, as root there.`,
    )
  const shadowed = found.units.find(({ shadowedBy }) => shadowedBy !== null)
  if (shadowed)
    return problem(
      'install-not-ours',
      `Cannot install: systemd goes by ${shadowed.shadowedBy} for ${shadowed.name}, which was not put there by this. Move what differs into a drop-in (systemctl edit ${shadowed.name}), and remove that file, as root there.`,
    )
  const masked = found.units.find(({ isMasked }) => isMasked)
  if (masked)
    return problem(
      'install-not-possible',
      `Cannot install: somebody has masked ${masked.name}, so that nothing starts it. If that is over, as root there:\n    systemctl unmask ${masked.name}`,
    )
  const { url } = wanted.enrol ?? { url: null }
  if (url !== null && found.enrolled !== null && found.enrolled.url !== url)
    return problem(
      'install-enrolled-elsewhere',
      `Cannot enrol: this host is ${found.enrolled.host} of the fleet ${fleetWords(found.enrolled)}, and the join token is for ${url}. To move it, as root there:\n    fleetmend-agent enrol --again -`,
    )
  return rulesDiffer(found, wanted)
}

export function fleetWords({ fleet, url }: Enrolled): string {
  return url === null ? `${fleet}, whose controller comes over SSH` : `at ${url}`
}

function rulesDiffer(found: FoundAgent, wanted: WantedAgent): Problem | null {
  if (wanted.replacePolicy) return null
  const differing = (
    [
      [installedPlaces.approvers, found.approvers, wanted.approvers],
      [installedPlaces.policy, found.policy, wanted.policy],
    ] as const
  ).filter(([, before, after]) => before !== null && after !== null && before !== after)
  if (differing.length === 0) return null
  const shown = differing.map(([path, before, after]) => diffOf(path, before, after)).join('\n')
  return problem(
    'install-policy-differs',
    `What this host allows, and who may approve, is its own to say. It says something else than what is given:\n\n${shown}\nTo replace it all the same, add --replace-policy.`,
  )
}
