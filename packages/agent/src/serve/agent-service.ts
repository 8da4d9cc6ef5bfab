/**
 * The agent as others reach it, over a socket or a controller's line: the same questions as at the keyboard, and an apply
 * only with an approval that this host has checked itself. Only who has started a session as root acts as at the keyboard.
 */
import {
  authorise,
  inTurn,
  isHeard,
  overTheLine,
  problem,
  spokenHere,
  type ApplyId,
  type ApplyReport,
  type Catalogue,
  type Digest,
  type Hello,
  type Problem,
  type RemoteAuthority,
  type ShownAuthority,
  type SignedHead,
} from '@fleetmend/shared'
import {
  recordControllerHead,
  recordEnd,
  recordedStart,
  recordPlan,
  recordRefusal,
  recordRules,
} from '../audit/on-record.ts'
import { readRecords, signedHead } from '../audit/read-chain.ts'
import { diagnoseHost } from '../diagnose-host.ts'
import { lookOptions } from '../look-options.ts'
import { planOnHost } from '../plan-on-host.ts'
import { diagnosisPage } from '../views/diagnosis-page.ts'
import { diagnoses } from '../diagnoses/registry.ts'
import type { Authorise } from '../execute/admit.ts'
import { beginApply, type StartApply } from '../execute/begin-apply.ts'
import { followApply } from '../execute/follow.ts'
import type { Host } from '../host/host.ts'
import { untilGivenUp } from '../host/until-given-up.ts'
import { policyPath } from '../judgement/brakes.ts'
import { policyToLookBy } from '../policy/policy-to-look-by.ts'
import { usesOfGrant } from '../policy/past-applies.ts'
import { inputSchema } from '../remediations/read-input.ts'
import { remediations } from '../remediations/registry.ts'
import type { AgentService, ApplyBegun } from '../router.ts'
import { listApplies, listApplyIds } from '../state/apply-record.ts'
import { readMembership } from '../state/identity.ts'
import type { StateFolder } from '../state/state-folder.ts'
import type { StatePaths } from '../state/state-paths.ts'
import { agentVersion } from '../version.ts'
import { approversPath, readApproversFile } from './approvers-file.ts'
import { osName } from './os-name.ts'

export interface ServedHost {
  readonly host: Host
  readonly state: StateFolder
  /** Begins the work in a unit of its own; everything before that is done here. */
  readonly start: StartApply
  /** Who asks, where that is root on this host, who needs nobody's approval. Left out: whoever asks has to show one. */
  readonly root?: string
}

type Allowed = { readonly ok: true; readonly authorise: Authorise } | { readonly ok: false; readonly problem: Problem }

export function agentService({ host, state, start, root }: ServedHost): AgentService {
  const recorder = { host, state }
  const askedBy = root ?? overTheLine
  const turn = inTurn()

  async function allowedBy(plan: Digest, authority: RemoteAuthority): Promise<Allowed> {
    const approvers = await readApproversFile(host)
    if (!approvers.ok) return approvers
    const nowMs = host.nowMs()
    const fleet = fleetOf(state)
    const presented = { host: host.id, fleet, digest: plan, authority, approvers: approvers.value, nowMs }
    // What this host knows of the plan is told to nobody whom it does not know, whatever more it asks for.
    const heard = isHeard(presented)
    if (!heard.ok) return heard
    const grantUses = authority.kind === 'grant' ? await usesOfGrant(state, authority.grant.id, nowMs) : 0
    const terms: Authorise = ({ plan: document }, { approvals }) =>
      authorise(presented, { plan: document, policy: approvals, grantUses })
    return { ok: true, authorise: terms }
  }

  async function applyNow(plan: Digest, shown: ShownAuthority): Promise<ApplyBegun> {
    const signed = signedOf(shown)
    const allowed = signed === null ? allowedTo(root) : await allowedBy(plan, signed)
    if (!allowed.ok) return allowed
    const applied = await applyOf(state, plan)
    if (applied && applied.outcome === null) return { ok: true, apply: applied.apply }
    const begun = await beginApply(host, state, plan, allowed.authorise, recordedStart(start, recorder, signed))
    return begun.ok ? { ok: true, apply: begun.value.id } : begun
  }

  async function applyOnRecord(plan: Digest, shown: ShownAuthority): Promise<ApplyBegun> {
    await recordRules(recorder, host, rules)
    const begun = await applyNow(plan, shown)
    if (!begun.ok) await recordRefusal(recorder, plan, signedOf(shown), askedBy, begun.problem)
    return begun
  }

  return {
    async hello() {
      await recordRules(recorder, host, rules)
      return hello(host, await signedHead(state, host.nowMs()), root !== undefined)
    },
    ...lookingService(host, state),
    async plan(request, signal) {
      const answer = await planOnHost(untilGivenUp(host, signal), state, request)
      if (answer.kind === 'planned') await recordPlan(recorder, answer.record, askedBy)
      return answer
    },
    apply(plan, authority) {
      // One at a time, so that a plan that is told twice at once is begun once.
      return turn(() => applyOnRecord(plan, authority))
    },
    notUnderstood: () =>
      recordRefusal(recorder, null, null, askedBy, problem('bad-input', 'It was not of the form of an approval.')),
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
        // Before it is told: whoever hears of the end asks for the head of the record, which holds it then.
        await recordEnd(recorder, report)
        if (report.outcome !== null && number > seen) yield { number, news: { news: 'closed', report } }
        return null
      }
    },
    // After what was told before: who hears that nothing was begun may count on it.
    report: (plan) => turn(() => applyOf(state, plan)),
    history: async (limit) => (await listApplies(state)).slice(0, limit),
    auditHead: () => signedHead(state, host.nowMs()),
    auditRecords: (from, limit) => readRecords(state, from, limit),
    witness: (head) => recordControllerHead(recorder, head),
  }
}

/** What only looks: it needs no folder of its own to be there, and makes none. */
export function lookingService(host: Host, state: StatePaths): Pick<AgentService, 'diagnose' | 'explain'> {
  return {
    async diagnose(options, signal) {
      const asked = untilGivenUp(host, signal)
      return diagnoseHost(asked, { ...options, ...lookOptions(state, await policyToLookBy(asked)) })
    },
    explain(id) {
      const diagnosis = diagnoses.find((each) => each.id === id)
      return diagnosis ? diagnosisPage(diagnosis, remediations) : null
    },
  }
}

/** Null: nobody has signed anything. */
function signedOf(shown: ShownAuthority): RemoteAuthority | null {
  return shown.kind === 'session-root' ? null : shown
}

function allowedTo(root: string | undefined): Allowed {
  if (root === undefined) return { ok: false, problem: problem('not-approved', rootElsewhere) }
  return { ok: true, authorise: () => ({ ok: true, summary: { kind: 'local-root', by: [root] } }) }
}

const rootElsewhere =
  'Cannot apply: this asks for what only root on this host may have, and over this line nobody is root. Nothing was changed.\n\nShow the approval of a run, or do it as root:\n    fleetmend fix --ssh HOST'

const rules = { approvers: approversPath, policy: policyPath }

/** Null: it belongs to none, or cannot say to which. */
function fleetOf(state: StateFolder): string | null {
  const identity = readMembership(state)
  return identity.ok ? (identity.value?.fleet ?? null) : null
}

/** One that was begun counts before one that was refused: the plan may have been told again. */
async function applyOf(state: StateFolder, plan: Digest): Promise<ApplyReport | null> {
  const applies = (await listApplies(state)).filter((apply) => apply.plan === plan)
  return applies.find(({ outcome }) => outcome !== 'refused') ?? applies[0] ?? null
}

/** Made when it is first asked for. */
let catalogue: Catalogue | null = null

function makeCatalogue(): Catalogue {
  return {
    diagnoses: diagnoses.map(({ id, title, meaning }) => ({ id, title, meaning })),
    remediations: remediations.map((each) => ({
      id: each.id,
      title: each.title,
      meaning: each.meaning,
      input: inputSchema(each),
    })),
  }
}

async function hello(host: Host, audit: SignedHead | null, asRoot: boolean): Promise<Hello> {
  return {
    host: host.id,
    agentVersion,
    os: await osName(host),
    spoken: spokenHere,
    catalogue: (catalogue ??= makeCatalogue()),
    ...(asRoot ? { asRoot: true as const } : {}),
    ...(audit === null ? {} : { audit }),
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
