/** Words that several commands take, each with one meaning everywhere. */
import type { Api } from '../connection/controller.ts'

export const hostsArgument = ['[host...]', 'Hosts by name; none: the whole fleet.'] as const
export const selectorOption = [
  '-l, --selector <labels>',
  'Hosts by label, as in Kubernetes: role=web,env!=staging',
] as const
export const siteOption = ['--site <name>', 'Only this site, by its server_name.'] as const
export const runArgument = ['<run>', 'Its id, as `runs list` shows it.'] as const
export const reasonOption = ['--reason <text>', 'Why; kept with the run.'] as const
export const keyOption = [
  '--key <key>',
  'To sign with: a private key file, or of a key in your ssh-agent its fingerprint or the name of its approver (FLEETMEND_KEY).',
] as const
export const grantOption = [
  '--grant <file>',
  'Signed in advance, in the place of approvals; hosts count its uses.',
] as const
export const yesOption = ['--yes', 'Does not ask. What policy forbids stays forbidden.'] as const
export const jsonOption = ['--json', 'One JSON document.'] as const
export const jsonlOption = ['--jsonl', 'Events as they happen, a JSON document a line.'] as const

export type Target = Parameters<Api['hosts']['list']['query']>[0]

export function targetOf(names: readonly string[], { selector }: { readonly selector?: string | undefined }): Target {
  return { ...(names.length > 0 ? { hosts: [...names] } : {}), ...(selector === undefined ? {} : { selector }) }
}
