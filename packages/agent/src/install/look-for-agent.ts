/** Looks what of an agent is on this host. Changes nothing. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import {
  agentGroup,
  agentUnits,
  fixedLinks,
  installedPlaces,
  isVersionFolder,
} from '@fleetmend/shared/model/installed-agent'
import { errnoOf } from '../host/errno.ts'
import type { FoundAgent, FoundLink, FoundUnit } from './found-agent.ts'
import type { Services, UnitFacts } from './services.ts'
import { holdsTheSame, isLeftover, type Source } from './versions.ts'

export interface Looking {
  /** What stands before every path; empty on a real host. */
  readonly root: string
  readonly services: Services
}

/** `wanted`: the version that is to be there, with the digests of its files. */
export async function lookForAgent(
  { root, services }: Looking,
  wanted: ({ readonly name: string } & Source) | null,
): Promise<FoundAgent> {
  const { library, current, configuration, approvers, policy, state } = installedPlaces
  const entries = await namesIn(root + library)
  const versions = entries.filter(isVersionFolder)
  const running = await linkAt(root, current)
  const links = await Promise.all(Object.keys(fixedLinks).map((path) => linkAt(root, path)))
  const expected = [...versions, ...[current, ...Object.keys(fixedLinks)].map((path) => path.split('/').at(-1) ?? '')]
  const currentName = running.target
  const runsSystemd = await services.runsSystemd()
  const facts = runsSystemd ? await services.units(agentUnits) : []
  const programs = await services.programs()
  const [isAnswering, line] = await Promise.all([services.asksAgent(), services.line()])
  return {
    host: services.host,
    runsSystemd,
    versions,
    isWantedWhole: wanted !== null && (await holdsTheSame(join(root + library, wanted.name), wanted)),
    current: currentName,
    links: running.isTaken ? [running, ...links] : links,
    strangers: entries
      .filter((name) => !expected.includes(name) && !isLeftover(name))
      .map((name) => join(library, name)),
    units: await Promise.all(agentUnits.map((name) => unitOf(root, name, currentName, facts))),
    approvers: await textAt(root + approvers),
    policy: await textAt(root + policy),
    folders: (await Promise.all([library, configuration, state].map((path) => existing(root, path)))).flat(),
    hasGroup: await services.hasGroup(agentGroup),
    accountsOfGroup: await services.accountsOf(agentGroup),
    enrolled: await services.enrolled(),
    isAnswering: isAnswering.ok,
    isConnected: line.ok,
    applies: await services.applies(),
    inUse: versions.filter((name) => programs.some((path) => path.startsWith(`${join(library, name)}/`))),
  }
}

async function unitOf(
  root: string,
  name: string,
  current: string | null,
  facts: readonly UnitFacts[],
): Promise<FoundUnit> {
  const ours = `${installedPlaces.units}/${name}.service`
  const known = facts.find((each) => each.name === name)
  const path = known?.fragmentPath ?? ''
  // A masked unit is a link to nowhere. `/lib` is `/usr/lib` on nearly every host by now.
  const isOurs = known?.isMasked === true || path === '' || path === ours || `/usr${path}` === ours
  return {
    name,
    text: await textAt(root + ours),
    textOfCurrent:
      current === null ? null : await textAt(join(root + installedPlaces.library, current, `${name}.service`)),
    shadowedBy: isOurs ? null : path,
    dropIns: known?.dropIns ?? [],
    isEnabled: known?.isEnabled ?? false,
    isMasked: known?.isMasked ?? false,
    isActive: known?.isActive ?? false,
  }
}

async function linkAt(root: string, path: string): Promise<FoundLink> {
  try {
    return { path, target: await readlink(root + path), isTaken: false }
  } catch (error) {
    return { path, target: null, isTaken: !['ENOENT', 'ENOTDIR'].includes(errnoOf(error)) }
  }
}

/** What is there and cannot be read is not overwritten unseen: it is thrown, and told as it is. */
async function textAt(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return null
    throw error
  }
}

async function existing(root: string, path: string): Promise<readonly string[]> {
  const facts = await lstat(root + path).catch(() => null)
  return facts === null ? [] : [path]
}

async function namesIn(path: string): Promise<readonly string[]> {
  const names = await readdir(path).catch((): string[] => [])
  return names.toSorted()
}
