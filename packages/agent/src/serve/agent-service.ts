/**
 * The agent as others reach it, over a socket or a controller's line: the same questions as at the keyboard, and an apply
 * only with an approval that this host has checked itself. Nothing here can act as root at the keyboard does.
 */
import {
  authorise,
  problem,
  riskClass,
  spokenHere,
  type ApplyId,
  type ApplyReport,
  type Digest,
  type Hello,
  type RemoteAuthority,
} from '@fleetmend/shared'
import { diagnoseHost } from '../diagnose-host.ts'
import { lastGoodSource } from '../last-good-source.ts'
import { planOnHost } from '../plan-on-host.ts'
import { diagnosisPage } from '../views/diagnosis-page.ts'
import { diagnoses } from '../diagnoses/registry.ts'
import type { Authorise } from '../execute/admit.ts'
import { beginApply, type StartApply } from '../execute/begin-apply.ts'
import { followApply } from '../execute/follow.ts'
import type { Host } from '../host/host.ts'
import { canaryPaths } from '../policy/canary-paths.ts'
import { inputSchema } from '../remediations/read-input.ts'
import { remediations } from '../remediations/registry.ts'
import type { AgentService, ApplyBegun } from '../router.ts'
import { listApplies, listApplyIds } from '../state/apply-record.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { agentVersion } from '../version.ts'
import { readApproversFile } from './approvers-file.ts'
import { osName } from './os-name.ts'

export interface ServedHost {
  readonly host: Host
  readonly state: StateFolder
  /** Begins the work in a unit of its own; everything before that is done here. */
  readonly start: StartApply
}

export function agentService({ host, state, start }: ServedHost): AgentService {
  let turn: Promise<unknown> = Promise.resolve()

  async function applyNow(plan: Digest, authority: RemoteAuthority): Promise<ApplyBegun> {
    const approvers = await readApproversFile(host)
    if (!approvers.ok) return approvers
    const terms = { host: host.id, plan, authority, approvers: approvers.value, nowMs: host.nowMs() }
    // Whether it was applied before is known to the store of plans.
    const approvedBy = (approvalsNeeded: number) =>
      authorise({ ...terms, policy: { approvalsNeeded }, nonceUsed: false })
    // What this host knows of the plan is told to nobody without an approval, whatever more it asks for.
    const heard = approvedBy(1)
    if (!heard.ok) return heard
    const applied = await applyOf(state, plan)
    if (applied && applied.outcome !== 'refused') return { ok: true, apply: applied.apply }
    const allowed: Authorise = (record, { approvals }) => approvedBy(approvals[riskClass(record.plan)])
    const begun = await beginApply(host, state, plan, allowed, start)
    return begun.ok ? { ok: true, apply: begun.value.id } : begun
  }

  return {
    hello: () => hello(host),
    diagnose: async (options) =>
      diagnoseHost(host, { ...options, lastGood: lastGoodSource(state), canaryPaths: await canaryPaths(host) }),
    explain(id) {
      const diagnosis = diagnoses.find((each) => each.id === id)
      return diagnosis ? diagnosisPage(diagnosis, remediations) : null
    },
    plan: (request) => planOnHost(host, state, request),
    apply(plan, authority) {
      // One at a time, so that a plan that is told twice at once is begun once.
      const begun = turn.then(() => applyNow(plan, authority))
      turn = begun.catch(() => undefined)
      return begun
    },
    async *watch(apply, seen, signal) {
      if (!(await listApplyIds(state)).includes(apply)) return unknownApply(apply)
      // Lines have even numbers and the report after the last of them an odd one, so that the lines of a rollback, which
      // opens a closed apply again, have numbers that nothing had before.
      const linesSeen = Math.floor(seen / 2)
      const following = followApply(state, apply, { seen: linesSeen, signal })
      for (let line = linesSeen + 1; ; line++) {
        const next = await following.next()
        if (!next.done) {
          yield { number: 2 * line, news: { news: 'entry', ...next.value } }
          continue
        }
        const report = next.value
        if (report === null) return unreadable(apply)
        const number = 2 * line - 1
        if (report.outcome !== null && number > seen) yield { number, news: { news: 'closed', report } }
        return null
      }
    },
    report: (plan) => applyOf(state, plan),
    history: async (limit) => (await listApplies(state)).slice(0, limit),
  }
}

/** One that was begun counts before one that was refused: the plan may have been told again. */
async function applyOf(state: StateFolder, plan: Digest): Promise<ApplyReport | null> {
  const applies = (await listApplies(state)).filter((apply) => apply.plan === plan)
  return applies.find(({ outcome }) => outcome !== 'refused') ?? applies[0] ?? null
}

async function hello(host: Host): Promise<Hello> {
  return {
    host: host.id,
    agentVersion,
    os: await osName(host),
    spoken: spokenHere,
    catalogue: {
      diagnoses: diagnoses.map(({ id, title, meaning }) => ({ id, title, meaning })),
      remediations: remediations.map((each) => ({
        id: each.id,
        title: each.title,
        meaning: each.meaning,
        input: inputSchema(each),
      })),
    },
  }
}

function unknownApply(apply: ApplyId) {
  return problem('unknown-apply', `This host has no apply ${apply}. To see those it has:\n    fleetmend-agent history`)
}

function unreadable(apply: ApplyId) {
  return problem(
    'stuck',
    `Cannot tell what becomes of ${apply}: its journal on this host cannot be read. Look at it there:\n    fleetmend-agent history ${apply}`,
  )
}
