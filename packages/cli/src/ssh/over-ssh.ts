/** `diagnose`, `plan` and `fix` on hosts that a person reaches over SSH with their own key, without a controller. */
import {
  exitCodes,
  hasFindings,
  outcomeExits,
  problemKinds,
  safeLine,
  worstExit,
  type ApplyDocument,
  type DiagnosisDocument,
  type ExitCode,
  type HostDiagnosis,
  type PlanDocument,
} from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { consentProblem, consents } from '../consent.ts'
import { printJson } from '../documents.ts'
import { reportProblem, type Answering } from '../report-problem.ts'
import { exitOfDiagnoses } from '../runs/diagnose-fleet.ts'
import { appliedHostsText } from '../views/applied-hosts-text.ts'
import { fleetDiagnosisText } from '../views/fleet-diagnosis-text.ts'
import { changesOf, hostPlansText } from '../views/host-plans-text.ts'
import type { SshOptions } from '../words/ssh-options.ts'
import { applyHosts, type AppliedHost, type HostToApply, type Pace, type Tell } from './apply-hosts.ts'
import { diagnoseHosts } from './diagnose-hosts.ts'
import { planHosts, type PlannedHost, type PlanOptions } from './plan-hosts.ts'
import { reachFromHere } from './reach.ts'
import { withHosts } from './reach-hosts.ts'

interface DiagnoseOptions extends Answering, SshOptions {
  readonly site?: string | undefined
}

export function diagnoseOverSsh(cli: Cli, names: readonly string[], options: DiagnoseOptions): Promise<ExitCode> {
  return withHosts(cli, names, reachFromHere(cli, options), async (hosts) => {
    const diagnoses = await diagnoseHosts(cli, hosts, options.site)
    if (options.json) printDiagnoses(cli, diagnoses)
    else cli.streams.out(fleetDiagnosisText(diagnoses, cli.streams.paint, 'ssh'))
    return exitOfDiagnoses(diagnoses)
  })
}

export function planOverSsh(
  cli: Cli,
  names: readonly string[],
  options: PlanOptions & Answering & SshOptions,
): Promise<ExitCode> {
  return withHosts(cli, names, reachFromHere(cli, options), async (hosts) => {
    const planned = await planHosts(cli, hosts, options)
    if (!planned.ok) return reportProblem(cli.streams, planned.problem, options)
    if (options.json) printPlans(cli, planned.value)
    else cli.streams.out(hostPlansText(planned.value, cli.streams.paint))
    return exitOfPlans(planned.value)
  })
}

export interface FixOptions extends PlanOptions, Answering, SshOptions, Pace {
  readonly yes?: true | undefined
}

export function fixOverSsh(cli: Cli, names: readonly string[], options: FixOptions): Promise<ExitCode> {
  const { streams } = cli
  const nobody = consentProblem(cli, options, '--yes')
  if (nobody) return Promise.resolve(reportProblem(streams, nobody, options))
  return withHosts(cli, names, reachFromHere(cli, options), async (hosts, signal) => {
    const diagnoses = await diagnoseHosts(cli, hosts)
    if (!options.json) streams.out(fleetDiagnosisText(diagnoses, streams.paint, 'ssh'))
    const reached = hosts.filter((_, at) => diagnoses[at]?.outcome === 'diagnosed')
    if (reached.length === 0 || (options.do === undefined && !diagnoses.some(hasFindings))) {
      if (options.json) printDiagnoses(cli, diagnoses)
      if (reached.length > 0) streams.err('Nothing to repair.\n')
      return exitOfDiagnoses(diagnoses)
    }
    const planned = await planHosts(cli, reached, options)
    if (!planned.ok) return reportProblem(streams, planned.problem, options)
    if (!options.json) streams.out(`\n${hostPlansText(planned.value, streams.paint)}`)
    // Of hosts that were not reached; what was found on the others is what is repaired.
    const unseen = exitOfDiagnoses(diagnoses.filter(({ outcome }) => outcome !== 'diagnosed'))
    const toApply = planned.value.flatMap((host) => applicable(cli, host))
    if (toApply.length === 0) {
      if (options.json) printPlans(cli, planned.value)
      return worstExit([unseen, exitOfPlans(planned.value)])
    }
    const where = toApply.length === 1 ? safeLine(toApply[0]?.name ?? '') : `${toApply.length} hosts`
    if (!(await consents(cli, `\nCarry it out on ${where}?`, options))) {
      streams.err('Nothing was done.\n')
      return exitCodes.refused
    }
    const { errPaint: paint } = streams
    const tell: Tell = (name, at, says) =>
      streams.err(`  ${paint.dim(at.slice(11, 19))}  ${paint.cyan(safeLine(name))}  ${safeLine(says)}\n`)
    const applied = await applyHosts(changesOf(toApply), options, tell, signal)
    if (options.json) printApplies(cli, applied)
    else streams.out(`\n${appliedHostsText(applied, streams.paint)}`)
    const without = exitOfPlans(planned.value.filter((host) => !host.ok || host.value.kind !== 'planned'))
    return worstExit([unseen, without, ...applied.map(exitOfApplied)])
  })
}

function applicable({ streams }: Cli, host: PlannedHost): readonly HostToApply[] {
  if (!host.ok || host.value.kind !== 'planned') return []
  if (!host.session.canApply) {
    streams.err(`Nothing on ${safeLine(host.name)} can carry it out (no systemd runs that host): write it by hand.\n`)
    return []
  }
  return [{ name: host.name, session: host.session, record: host.value.record }]
}

function exitOfPlans(hosts: readonly PlannedHost[]): ExitCode {
  const exits = { planned: exitCodes.findings, 'nothing-to-do': exitCodes.done, refused: exitCodes.refused }
  return worstExit(hosts.map((host) => (host.ok ? exits[host.value.kind] : problemKinds[host.problem.code].exit)))
}

function exitOfApplied(host: AppliedHost): ExitCode {
  if (host.is === 'not-begun') return exitCodes.done
  if (host.is === 'refused') return problemKinds[host.problem.code].exit
  const { outcome, problem } = host.report
  if (outcome === null) return exitCodes.internal
  return outcome === 'refused' && problem ? problemKinds[problem.code].exit : outcomeExits[outcome]
}

function printDiagnoses({ streams }: Cli, hosts: readonly HostDiagnosis[]): void {
  printJson(streams, { format: 'fleetmend.diagnosis/1', hosts: [...hosts] } satisfies DiagnosisDocument)
}

function printPlans({ streams }: Cli, hosts: readonly PlannedHost[]): void {
  const plans = hosts.flatMap((host) => (host.ok && host.value.kind === 'planned' ? [host.value.record] : []))
  const without = hosts.flatMap((host) => {
    if (!host.ok) return [{ host: host.name, because: `${host.problem.title}. ${host.problem.detail}` }]
    const { value } = host
    if (value.kind === 'planned') return []
    return [{ host: host.name, because: value.because, ...(value.kind === 'refused' ? { toDo: value.toDo } : {}) }]
  })
  printJson(streams, { format: 'fleetmend.plan/1', plans, without } satisfies PlanDocument)
}

function printApplies({ streams }: Cli, hosts: readonly AppliedHost[]): void {
  const applies = hosts.flatMap((host) => (host.is === 'applied' ? [host.report] : []))
  printJson(streams, { format: 'fleetmend.apply/1', applies } satisfies ApplyDocument)
}
