/**
 * What the engine wants done in the world. Each may be carried out again after a crash: a second plan or manifest is not
 * recorded, and a host applies a plan once.
 */
import type { Digest, HostId } from '@fleetmend/shared'

export type Command =
  | { readonly do: 'plan-host'; readonly host: HostId }
  | { readonly do: 'ask-approval' }
  | { readonly do: 'apply-host'; readonly host: HostId; readonly plan: Digest }
  | { readonly do: 'ask-host'; readonly host: HostId; readonly plan: Digest }

/** Two commands with the same key are the same command. */
export function commandKey(command: Command): string {
  return command.do === 'ask-approval' ? command.do : `${command.do} ${command.host}`
}
