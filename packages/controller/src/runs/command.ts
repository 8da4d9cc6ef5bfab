/**
 * What the engine wants done in the world. Each may be carried out again after a crash: a second plan or manifest is not
 * recorded, and a host applies a plan once.
 */
import type { Digest, HostId, Instant } from '@fleetmend/shared'

export type Command =
  | { readonly do: 'plan-host'; readonly host: HostId }
  | { readonly do: 'ask-approval' }
  | { readonly do: 'apply-host'; readonly host: HostId; readonly plan: Digest }
  | { readonly do: 'ask-host'; readonly host: HostId; readonly plan: Digest }
  /** Room for the hosts that were called: among all runs, in the windows and limits of the fleet. */
  | { readonly do: 'ask-room' }
  /** Until it is there again, or no longer waited for. */
  | { readonly do: 'await-host'; readonly host: HostId }
  /** Whether these hosts are well when the time is up. */
  | {
      readonly do: 'watch-wave'
      readonly group: Digest
      readonly wave: number
      readonly hosts: readonly HostId[]
      readonly until: Instant
    }

/** Two commands with the same key are the same command. */
export function commandKey(command: Command): string {
  if ('host' in command) return `${command.do} ${command.host}`
  return 'group' in command ? `${command.do} ${command.group} ${command.wave}` : command.do
}
