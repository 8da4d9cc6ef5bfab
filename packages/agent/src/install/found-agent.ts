/** What of an agent is found on a host, before anything is installed or taken away. Values only. */
import type { HostId } from '@fleetmend/shared'

export interface FoundAgent {
  /** As the host calls itself, or as its fleet does. */
  readonly host: HostId
  readonly runsSystemd: boolean
  /** Folders of versions, by name. */
  readonly versions: readonly string[]
  /** Whether the version that is wanted lies there with every byte as it should be. */
  readonly isWantedWhole: boolean
  /** The version that `current` names; null: none. */
  readonly current: string | null
  readonly links: readonly FoundLink[]
  /** Beside versions and links of ours: what else lies in the folder of the agent. */
  readonly strangers: readonly string[]
  readonly units: readonly FoundUnit[]
  readonly approvers: string | null
  readonly policy: string | null
  /** Of the folders that are ours, those that are there. */
  readonly folders: readonly string[]
  readonly hasGroup: boolean
  /** Accounts that have it as their own: without it, they could not be. */
  readonly accountsOfGroup: readonly string[]
  readonly enrolled: Enrolled | null
  readonly isAnswering: boolean
  /** Whether the line to the controller is up. */
  readonly isConnected: boolean
  /** Units of applies and rollbacks that are not at their end. */
  readonly applies: readonly string[]
  /** Versions that some process runs from. */
  readonly inUse: readonly string[]
}

export interface Enrolled {
  readonly host: HostId
  readonly fleet: string
  /** Of the controller that it dials; null: one that comes over SSH. */
  readonly url: string | null
}

export interface FoundLink {
  readonly path: string
  /** Null: no link is there. */
  readonly target: string | null
  /** Something is there that is no link. */
  readonly isTaken: boolean
}

export interface FoundUnit {
  readonly name: string
  /** Of the file that is ours; null: there is none. */
  readonly text: string | null
  /** As the version that is current has it; null: not known. */
  readonly textOfCurrent: string | null
  /** The file that systemd goes by, where that is another one. */
  readonly shadowedBy: string | null
  readonly dropIns: readonly string[]
  readonly isEnabled: boolean
  readonly isMasked: boolean
  readonly isActive: boolean
}
