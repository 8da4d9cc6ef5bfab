/** Hosts that are reached over SSH, and no agent on them any more. */
import type { ExitCode } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { carryOutOnHosts, type CarryOutOptions } from './carry-out-on-hosts.ts'

export function uninstallOverSsh(
  cli: Cli,
  names: readonly string[],
  { purge, ...options }: CarryOutOptions & { readonly purge?: true | undefined },
): Promise<ExitCode> {
  const wanted = { want: 'removed', purge: purge === true } as const
  const tokensFor = async () => ({ ok: true, value: new Map<string, string>() }) as const
  return carryOutOnHosts(cli, names, { task: 'uninstall', wanted, tokensFor }, options)
}
