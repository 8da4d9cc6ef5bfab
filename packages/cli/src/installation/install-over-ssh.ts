/** Hosts that are reached over SSH, an agent installed on each, and the hosts let into their fleet. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import {
  decodeJoinToken,
  problem,
  safeLine,
  type ExitCode,
  type HostId,
  type Labels,
  type Problem,
  type WantedInstallation,
} from '@fleetmend/shared'
import { whoAsks, type Cli } from '../cli.ts'
import { controllerAt } from '../connection/controller.ts'
import { openWay } from '../connection/open-way.ts'
import { carryOutOnHosts, type CarryOutOptions, type Tokens } from './carry-out-on-hosts.ts'

export interface InstallOptions extends CarryOutOptions {
  readonly approvers?: string | undefined
  readonly policy?: string | undefined
  readonly replacePolicy?: true | undefined
  readonly joinTokenFile?: string | undefined
  readonly enrol: boolean
  readonly label: Labels
}

interface Wanted {
  readonly wanted: WantedInstallation
  /** For the one host that it lets in; null: hosts are invited, where they are to be let in at all. */
  readonly token: string | null
}

type Found<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: Problem }

/** What is asked of each host, from options and the files that they name. */
export async function wantedFrom(
  cli: Cli,
  names: readonly string[],
  { approvers, policy, replacePolicy, joinTokenFile, enrol }: Omit<InstallOptions, 'label'>,
): Promise<Found<Wanted>> {
  const [approversText, policyText, token] = await Promise.all([
    textOf(approvers),
    textOf(policy),
    tokenFrom(joinTokenFile, names, enrol),
  ])
  if (!approversText.ok) return approversText
  if (!policyText.ok) return policyText
  if (!token.ok) return token
  const invited = enrol && hasController(cli) ? { url: null, host: null } : null
  const wanted: WantedInstallation = {
    want: 'installed',
    approvers: approversText.value,
    policy: policyText.value,
    replacePolicy: replacePolicy === true,
    enrol: token.value === null ? invited : { url: token.value.url, host: null },
  }
  return { ok: true, value: { wanted, token: token.value?.text ?? null } }
}

export function installOverSsh(
  cli: Cli,
  names: readonly string[],
  { wanted, token }: Wanted,
  { label, ...options }: InstallOptions,
): Promise<ExitCode> {
  const tokensFor = (hosts: readonly HostId[]): Promise<Tokens> =>
    token === null
      ? invitations(cli, hosts, label)
      : Promise.resolve({ ok: true, value: new Map(hosts.map((host) => [host, token])) })
  return carryOutOnHosts(cli, names, { task: 'install', wanted, tokensFor }, options)
}

/** One that was named, or signed in to, or that runs on this machine. */
function hasController(cli: Cli): boolean {
  const way = cli.way()
  return way.ok && (way.value.by === 'network' || existsSync(way.value.path))
}

const invitedForMs = 10 * 60_000

async function invitations(cli: Cli, hosts: readonly HostId[], labels: Labels): Promise<Tokens> {
  const controller = controllerAt(() => openWay(cli))
  try {
    const tokens = new Map<HostId, string>()
    for (const host of hosts) {
      const request = { by: whoAsks(cli), labels, host, lifeMs: invitedForMs }
      const invited = await controller.ask((api) => api.hosts.invite.mutate(request))
      if (!invited.ok) return invited
      tokens.set(host, invited.value.token)
    }
    return { ok: true, value: tokens }
  } finally {
    controller.close()
  }
}

async function textOf(path: string | undefined): Promise<Found<string | null>> {
  if (path === undefined) return { ok: true, value: null }
  try {
    return { ok: true, value: await readFile(path, 'utf8') }
  } catch (error) {
    return { ok: false, problem: problem('bad-input', `Cannot read ${safeLine(path)}: ${(error as Error).message}.`) }
  }
}

async function tokenFrom(
  path: string | undefined,
  names: readonly string[],
  enrol: boolean,
): Promise<Found<{ readonly text: string; readonly url: string } | null>> {
  if (path === undefined) return { ok: true, value: null }
  if (!enrol) return { ok: false, problem: problem('usage', 'Either --join-token-file or --no-enrol.') }
  if (new Set(names).size > 1)
    return {
      ok: false,
      problem: problem(
        'usage',
        'A join token lets one host in. To install on several, sign in to their controller, and each is invited by itself:\n    fleetmend login wss://CONTROLLER:PORT',
      ),
    }
  const read = path === '-' ? { ok: true as const, value: await text(process.stdin) } : await textOf(path)
  if (!read.ok) return read
  const line = (read.value ?? '').split('\n')[0] ?? ''
  const token = decodeJoinToken(line)
  return token.ok ? { ok: true, value: { text: line, url: token.value.url } } : token
}
