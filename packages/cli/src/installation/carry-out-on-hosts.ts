/** The same wanted of many hosts: shown first, grouped by what would be done, agreed to by a person, then carried out. */
import {
  exitCodes,
  hostCount,
  problemKinds,
  worstExit,
  type ExitCode,
  type HostId,
  type InstallationAnswer,
  type InstallationRequest,
  type Problem,
} from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { consentProblem, consents } from '../consent.ts'
import { printJson, type InstallationsDocument } from '../documents.ts'
import { liveLine } from '../progress/live-line.ts'
import { reportProblem, type Answering } from '../report-problem.ts'
import { reachFromHere } from '../ssh/reach.ts'
import { withOpened, type ReachedHost } from '../ssh/reach-hosts.ts'
import { installationText, nextAfter } from '../views/installation-text.ts'
import type { SshOptions } from '../words/ssh-options.ts'
import { openInstaller, type Installer } from './installer.ts'

export interface CarryOutOptions extends Answering, Omit<SshOptions, 'keep'> {
  readonly dryRun?: true | undefined
  readonly yes?: true | undefined
}

/** By the name that the person gave it: what it answered, or why it did not. */
export type AnsweredHost = { readonly name: string } & (
  | { readonly ok: true; readonly answer: InstallationAnswer }
  | { readonly ok: false; readonly problem: Problem }
)

/** Join tokens by what hosts call themselves; or why there are none, before anything is done. */
export type Tokens =
  | { readonly ok: true; readonly value: ReadonlyMap<HostId, string> }
  | { readonly ok: false; readonly problem: Problem }

export interface OnHosts {
  readonly task: 'install' | 'uninstall'
  readonly wanted: InstallationRequest['wanted']
  /** Asked once a person has agreed: for hosts that are to be let into a fleet. */
  readonly tokensFor: (hosts: readonly HostId[]) => Promise<Tokens>
}

interface Reached {
  readonly name: string
  readonly session: Installer
  readonly answer: InstallationAnswer
}

export function carryOutOnHosts(
  cli: Cli,
  names: readonly string[],
  { task, wanted, tokensFor }: OnHosts,
  options: CarryOutOptions,
): Promise<ExitCode> {
  const { streams } = cli
  const nobody = options.dryRun ? null : consentProblem(cli, options, '--yes')
  if (nobody) return Promise.resolve(reportProblem(streams, nobody, options))
  const { connect, filesFor } = reachFromHere(cli, options, 'installed')
  const open = (name: string, signal: AbortSignal, says: (text: string) => void) =>
    openInstaller({ connect: (until) => connect(name, until), filesFor, task, signal, says })
  const format = 'fleetmend.installation-request/1' as const

  return withOpened(cli, names, open, async (hosts) => {
    const seen = await Promise.all(hosts.map((host) => asked(host, { format, wanted, agreed: null, token: null })))
    if (!options.json) streams.out(installationText(seen, task, streams.paint))
    const toDo = hosts.flatMap((host, at): readonly Reached[] => {
      const each = seen[at]
      if (!host.ok || !each?.ok || each.answer.problem !== null || each.answer.steps.length === 0) return []
      return [{ name: host.name, session: host.session, answer: each.answer }]
    })
    if (options.dryRun || toDo.length === 0) {
      if (options.json) printHosts(cli, seen)
      else if (toDo.length === 0) streams.err('There is nothing to do.\n')
      return worstExit([exitOf(seen), toDo.length > 0 ? exitCodes.findings : exitCodes.done])
    }
    const question = `${task === 'install' ? 'Install' : 'Uninstall'} on ${hostCount(toDo.length)}?`
    if (!(await consents(cli, question, options))) {
      streams.err('Nothing was done.\n')
      return exitCodes.refused
    }
    const newcomers = toDo.filter(({ answer }) => enrols(wanted, answer)).map(({ answer }) => answer.host)
    const tokens = await tokensFor(newcomers)
    if (!tokens.ok) return reportProblem(streams, tokens.problem, options)
    const line = liveLine(streams)
    line.show(`${task === 'install' ? 'Installing' : 'Uninstalling'} on ${hostCount(toDo.length)}`)
    const done = await Promise.all(
      toDo.map(({ name, session, answer }) => {
        const token = enrols(wanted, answer) ? (tokens.value.get(answer.host) ?? null) : null
        return asked({ name, ok: true, session }, { format, wanted, agreed: answer.digest, token })
      }),
    )
    line.clear()
    const all = seen.map((each) => done.find(({ name }) => name === each.name) ?? each)
    if (options.json) printHosts(cli, all)
    else {
      streams.out(installationText(done, task, streams.paint))
      streams.err(nextAfter(done, task))
    }
    return exitOf(all)
  })
}

function printHosts({ streams }: Cli, hosts: readonly AnsweredHost[]): void {
  printJson(streams, { format: 'fleetmend.installation/1', hosts } satisfies InstallationsDocument)
}

function enrols(wanted: InstallationRequest['wanted'], { enrolled }: InstallationAnswer): boolean {
  return wanted.want === 'installed' && wanted.enrol !== null && enrolled === null
}

async function asked(host: ReachedHost<Installer>, request: InstallationRequest): Promise<AnsweredHost> {
  if (!host.ok) return { name: host.name, ok: false, problem: host.problem }
  const answer = await host.session.ask(request)
  return answer.ok
    ? { name: host.name, ok: true, answer: answer.value }
    : { name: host.name, ok: false, problem: answer.problem }
}

function exitOf(hosts: readonly AnsweredHost[]): ExitCode {
  const problems = hosts.flatMap((host) => (host.ok ? (host.answer.problem ?? []) : host.problem))
  return worstExit([exitCodes.done, ...problems.map(({ code }) => problemKinds[code].exit)])
}
