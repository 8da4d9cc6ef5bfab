/** What an installation needs of a host beside its files: systemd, groups, the agent that runs, its fleet. */
import type { HostId, Problem } from '@fleetmend/shared'
import type { Did } from '../host/host.ts'
import type { Enrolled } from './found-agent.ts'

export interface UnitFacts {
  readonly name: string
  readonly fragmentPath: string
  readonly dropIns: readonly string[]
  readonly isEnabled: boolean
  readonly isMasked: boolean
  readonly isActive: boolean
}

export interface Services {
  readonly host: HostId
  readonly runsSystemd: () => Promise<boolean>
  readonly units: (names: readonly string[]) => Promise<readonly UnitFacts[]>
  readonly tell: (verb: 'enable' | 'disable' | 'start' | 'restart' | 'stop', unit: string) => Promise<Did>
  readonly reloadUnits: () => Promise<Did>
  /** Units of applies and rollbacks that are not at their end. */
  readonly applies: () => Promise<readonly string[]>
  /** The programs that processes run, each by its path. */
  readonly programs: () => Promise<readonly string[]>
  readonly hasGroup: (name: string) => Promise<boolean>
  readonly makeGroup: (name: string) => Promise<Did>
  readonly removeGroup: (name: string) => Promise<Did>
  readonly accountsOf: (group: string) => Promise<readonly string[]>
  readonly enrolled: () => Promise<Enrolled | null>
  readonly enrol: (
    token: string,
    host: string | null,
  ) => Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: Problem }>
  /** The agent, asked over its socket. */
  readonly asksAgent: () => Promise<Did>
  /** What the agent that runs says of its line. */
  readonly line: () => Promise<Did>
}
