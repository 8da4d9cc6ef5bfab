/** Hosts as an installation may find them, for tests. */
import { agentUnits, fixedLinks, installedPlaces } from '@fleetmend/shared/model/installed-agent'
import type { FoundAgent } from './found-agent.ts'

export const sampleVersion = '0.1.0-0123456789ab'

/** Nothing but a web server. */
export const bareHost: FoundAgent = {
  host: 'web-1',
  runsSystemd: true,
  versions: [],
  isWantedWhole: false,
  current: null,
  links: Object.keys(fixedLinks).map((path) => ({ path, target: null, isTaken: false })),
  strangers: [],
  units: agentUnits.map((name) => ({
    ...{ name, text: null, textOfCurrent: null, shadowedBy: null, dropIns: [] },
    ...{ isEnabled: false, isMasked: false, isActive: false },
  })),
  ...{ approvers: null, policy: null, folders: [], hasGroup: false, accountsOfGroup: [] },
  ...{ enrolled: null, isAnswering: false, isConnected: false, applies: [], inUse: [] },
}

/** With an agent that serves its controller. */
export const installedHost: FoundAgent = {
  ...bareHost,
  versions: [sampleVersion],
  isWantedWhole: true,
  current: sampleVersion,
  links: Object.entries(fixedLinks).map(([path, target]) => ({ path, target, isTaken: false })),
  units: agentUnits.map((name) => ({
    ...{ name, text: `[Unit]\nDescription=${name}\n`, textOfCurrent: `[Unit]\nDescription=${name}\n` },
    ...{ shadowedBy: null, dropIns: [], isEnabled: true, isMasked: false, isActive: name === agentUnits[0] },
  })),
  approvers: 'olivia ssh-ed25519 AAAA\n',
  folders: [installedPlaces.library, installedPlaces.configuration, installedPlaces.state],
  ...{ hasGroup: true, enrolled: { host: 'web-1', fleet: 'f-1', url: 'wss://controller.example:7443' } },
  ...{ isAnswering: true, isConnected: true, inUse: [sampleVersion] },
}

export const sampleUnitTexts: ReadonlyMap<string, string> = new Map(
  agentUnits.map((name) => [name, `[Unit]\nDescription=${name}\n`]),
)
