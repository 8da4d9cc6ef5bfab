/** Small runs to think with: plans of hosts, reports of applies, and a run brought to where a story begins. */
import {
  digestOf,
  manifestDigest,
  problem,
  undoRemediation,
  type ApplyOutcome,
  type ApplyReport,
  type Grant,
  type HostId,
  type Plan,
  type PlanRecord,
  type ProblemCode,
  type Run,
  type RunApproval,
  type SignedGrant,
} from '@fleetmend/shared'
import type { Command } from '../src/runs/command.ts'
import { manifestOf } from '../src/runs/manifest-of.ts'
import type { RunEvent, Started } from '../src/runs/run-event.ts'
import { begin, transition } from '../src/runs/transition.ts'
import { calledHosts } from '../src/runs/waves.ts'

export const at = '2026-11-21T03:15:02.000Z'
export const atMs = Date.parse(at)

const made = new Map<string, PlanRecord>()

/** Plans with the same change are the same but for what differs from host to host. Made once: walks ask very often. */
export function planOf(host: HostId, change = 'raise'): PlanRecord {
  const key = `${host} ${change}`
  const record = made.get(key) ?? makePlan(host, change)
  made.set(key, record)
  return record
}

function makePlan(host: HostId, change: string): PlanRecord {
  const state = (side: string) => ({
    hmac: `hmac-sha256:${digestOf(host + side).slice('sha256:'.length)}`,
    bytes: 42,
    mode: '0644',
    owner: 'root',
    group: 'root',
  })
  const plan: Plan = {
    format: 'fleetmend.plan/1',
    host,
    nonce: digestOf(host).slice('sha256:'.length, 'sha256:'.length + 32),
    madeAt: at,
    expiresAt: '2026-11-21T04:15:02.000Z',
    remediations: [
      {
        id: change === 'undo' ? undoRemediation : 'tune-pool',
        input: { pool: 'php8.2-fpm/www' },
        because: `${host} is out of workers.`,
        arithmetic: [`${host}: 4 MiB each`],
      },
    ],
    clears: [{ diagnosis: 'pool-exhausted', subject: { kind: 'pool', name: 'php8.2-fpm/www' } }],
    checks: [{ when: 'planned', check: 'fpm-config', service: 'php8.2-fpm' }],
    changes: [
      {
        of: 'file',
        path: '/etc/php/8.2/fpm/pool.d/www.conf',
        before: state('before'),
        after: state('after'),
        diff: `+; ${change}\n`,
      },
    ],
    acts: [{ act: 'reload-fpm', service: 'php8.2-fpm', deadlineMs: 30_000 }],
    disturbs: [],
    warnings: [],
    basis: { exact: [], guards: [] },
    watchMs: 0,
  }
  return { digest: digestOf(plan), plan, forecast: [] }
}

export interface ReportOptions {
  readonly code?: ProblemCode
  readonly probesPass?: boolean
}

export function reportOf(
  record: PlanRecord,
  outcome: ApplyOutcome | null,
  { code, probesPass = true }: ReportOptions = {},
): ApplyReport {
  const probe = { site: 'shop.example', over: 'http', says: 'GET /', passed: probesPass, tookMs: 1 } as const
  return {
    apply: 'a-20261121-031502-9f3c',
    host: record.plan.host,
    plan: record.digest,
    remediations: ['tune-pool'],
    authority: { kind: 'approval', by: ['ben'] },
    phase: outcome === null ? 'watching' : 'closed',
    outcome,
    startedAt: at,
    endedAt: outcome === null ? null : at,
    timeline: [{ at, says: 'Admitted.' }],
    verdict:
      outcome === null || outcome === 'refused'
        ? null
        : {
            cleared: outcome === 'fixed',
            says: `It is ${outcome}.`,
            probesBefore: [],
            probesAfter: [probe],
            remaining: [],
            couldNotTell: [],
            watch: null,
          },
    problem: code ? problem(code, 'Because of that.') : null,
  }
}

export function startedWith(hosts: readonly HostId[], rest: Partial<Started> = {}): Started {
  return {
    type: 'started',
    at,
    run: 'r-20261121-031455-41bd',
    by: 'ana',
    reason: 'web hosts answer 502',
    asked: { want: 'for-findings' },
    hosts: [...hosts],
    waves: { canaryHosts: 1, batchHosts: 100 },
    limits: { stopAtFailures: 1, groupsAtOnce: 1, approvalsNeeded: 1 },
    ...rest,
  }
}

export function approvalBy(principal: string): RunApproval {
  return { principal, fingerprint: `SHA256:${principal}`, signature: '-----BEGIN SSH SIGNATURE-----\n', at }
}

export const planned = (host: HostId, change?: string): RunEvent => ({
  type: 'host-planned',
  at,
  host,
  record: planOf(host, change),
})

/**
 * What a story tells: the run after each event in turn, and all commands on the way. Whoever is called begins at once, as in
 * a fleet where nothing holds anybody back; `crowded` leaves that to the story.
 */
export function play(
  first: Run,
  events: readonly (RunEvent | ((run: Run) => RunEvent))[],
  { crowded = false } = {},
): { readonly run: Run; readonly commands: readonly Command[] } {
  let run = first
  const commands: Command[] = []
  for (const each of events) {
    const step = transition(run, typeof each === 'function' ? each(run) : each)
    if (!step.ok) throw new Error(step.problem.detail)
    run = step.run
    commands.push(...step.commands)
    if (crowded) continue
    const begun = begunIn(run)
    commands.splice(0, commands.length, ...commands.filter((command) => command.do !== 'ask-room'), ...begun.commands)
    run = begun.run
  }
  return { run, commands }
}

/** There is room for everybody who was called. */
export function hostsBegun(run: Run): RunEvent {
  return { type: 'hosts-begun', at, hosts: [...calledHosts(run)] }
}

function begunIn(run: Run): { readonly run: Run; readonly commands: readonly Command[] } {
  if (!['applying', 'waiting'].includes(run.state) || calledHosts(run).length === 0) return { run, commands: [] }
  const step = transition(run, hostsBegun(run))
  if (!step.ok) throw new Error(step.problem.detail)
  return { run: step.run, commands: step.commands.filter((command) => command.do !== 'ask-room') }
}

export const approvalAsked = (run: Run): RunEvent => {
  const manifest = manifestOf(run, atMs)
  if (!manifest) throw new Error('The plans of this run are too old.')
  return { type: 'approval-asked', at, manifest }
}

export const approvedBy =
  (principal: string) =>
  (run: Run): RunEvent => {
    if (!run.manifest) throw new Error('This run has no manifest.')
    return { type: 'approved', at, digest: manifestDigest(run.manifest), approval: approvalBy(principal) }
  }

/** One person goes ahead alone. */
export const glassBrokenBy =
  (principal: string) =>
  (run: Run): RunEvent => {
    if (!run.manifest) throw new Error('This run has no manifest.')
    const breakGlass = { ...approvalBy(principal), reason: 'nobody else is awake' }
    return { type: 'glass-broken', at, digest: manifestDigest(run.manifest), breakGlass }
  }

/** For what the sample plans do, on any of these hosts. */
export function grantFor(named: readonly HostId[], change: Partial<Grant> = {}): SignedGrant {
  const grant: Grant = {
    format: 'fleetmend.grant/1',
    id: 'g-20261120-091500-7c02',
    reason: 'the night runbook',
    remediations: ['tune-pool'],
    inputs: { pool: { oneOf: ['php8.2-fpm/www'] } },
    hosts: { named: [...named] },
    perHour: 2,
    watchAtLeastMs: 0,
    notBefore: '2026-11-20T00:00:00.000Z',
    notAfter: '2026-12-20T00:00:00.000Z',
    ...change,
  }
  const signatures = ['-----BEGIN SSH SIGNATURE-----\n']
  return { kind: 'grant', format: 'fleetmend.signed-grant/1', scheme: 'sshsig', grant, signatures }
}

export function grantPresented(grant: SignedGrant): RunEvent {
  return { type: 'grant-presented', at, by: 'cron', grant }
}

export const applyStarted: RunEvent = { type: 'apply-started', at, by: 'ana' }

export interface Beginning extends Partial<Started> {
  /** Host to change; hosts with the same change are one group. */
  readonly changes: Readonly<Record<HostId, string>>
}

/** A run whose hosts have planned, which is approved, and whose first hosts were just told to apply. */
export function applying({ changes, ...rest }: Beginning): {
  readonly run: Run
  readonly commands: readonly Command[]
} {
  const hosts = Object.keys(changes)
  return play(begin(startedWith(hosts, rest)).run, [
    ...hosts.map((host) => planned(host, changes[host])),
    approvalAsked,
    approvedBy('ben'),
    applyStarted,
  ])
}

export const applied =
  (host: HostId, outcome: ApplyOutcome | null, options?: ReportOptions) =>
  (run: Run): RunEvent => ({
    type: 'host-applied',
    at,
    host,
    report: reportOf(planInRun(run, host), outcome, options),
  })

/** The plan that this host made, found again by trying the changes that the samples use. */
export function planInRun(run: Run, host: HostId): PlanRecord {
  const digest = run.hosts.find(({ id }) => id === host)?.plan
  const changes = [...sampleChanges, 'undo']
  const record = changes.map((change) => planOf(host, change)).find((each) => each.digest === digest)
  if (!record) throw new Error(`${host} has no sample plan.`)
  return record
}

export const sampleChanges = ['raise', 'lower', 'restart'] as const

export function statesOf(run: Run): Readonly<Record<HostId, string>> {
  return Object.fromEntries(run.hosts.map(({ id, state }) => [id, state]))
}
