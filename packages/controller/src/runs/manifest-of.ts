/** What the approvers of a run sign, and what a host is shown of it. Pure; the instant comes from outside. */
import {
  DEFAULT_APPROVAL_MS,
  Manifest,
  planTree,
  type HostId,
  type PlannedHost,
  type PlanTree,
  type RemoteAuthority,
  type Run,
} from '@fleetmend/shared'

/** A host whose clock is behind by less than this still takes the approval. */
const clockToleranceMs = 5 * 60_000

/** Null where a plan is too old already: an approval would not be worth having. */
export function manifestOf(run: Run, nowMs: number): Manifest | null {
  const plans = plannedHosts(run)
  const plansExpireMs = run.plansExpireAt === null ? nowMs : Date.parse(run.plansExpireAt)
  // Not past the deadline, which hosts keep in this way.
  const endsMs = Math.min(
    plansExpireMs,
    run.terms.deadline === undefined ? plansExpireMs : Date.parse(run.terms.deadline),
  )
  if (endsMs <= nowMs) return null
  // One that waits, for a window or for hosts, may have to wait for as long as the plans last.
  const { windows, awaitHostsUntil, deadline } = run.terms
  const waits = [windows, awaitHostsUntil, deadline].some((each) => each !== undefined)
  const lastsMs = waits ? endsMs : Math.min(nowMs + DEFAULT_APPROVAL_MS, endsMs)
  return Manifest.parse({
    format: 'fleetmend.manifest/1',
    run: run.id,
    requester: run.requester,
    reason: run.reason,
    waves: run.waves,
    notBefore: new Date(nowMs - clockToleranceMs).toISOString(),
    // Not longer than the plans: nobody should sign what a host would call too old.
    notAfter: new Date(lastsMs).toISOString(),
    hosts: plans.length,
    root: planTree(plans).root,
  } satisfies Manifest)
}

/** The authority with which a host is told to apply; null where it has no plan or nobody has allowed it. */
export function authorityFor(run: Run, host: HostId): RemoteAuthority | null {
  const { manifest, approvals, request, breakGlass, grant } = run
  const proof = manifest && treeUnder(manifest, run).proofOf(host)
  if (!proof) return null
  if (breakGlass) {
    const { reason, signature } = breakGlass
    const format = 'fleetmend.break-glass/1'
    return { kind: 'break-glass', format, scheme: 'sshsig', manifest, reason, signature, proof }
  }
  if (grant) return grant
  if (approvals.length === 0) return null
  return {
    kind: 'approval',
    format: 'fleetmend.approval/1',
    scheme: 'sshsig',
    manifest,
    ...(request ? { request: request.signature } : {}),
    signatures: approvals.map(({ signature }) => signature),
    proof,
  }
}

/** Of each manifest once: every host of a run is told its proof, and plans stay what they were when it was made. */
const trees = new WeakMap<Manifest, PlanTree>()

function treeUnder(manifest: Manifest, run: Run): PlanTree {
  const known = trees.get(manifest)
  if (known) return known
  const tree = planTree(plannedHosts(run))
  trees.set(manifest, tree)
  return tree
}

function plannedHosts(run: Run): readonly PlannedHost[] {
  return run.hosts.flatMap(({ id, plan }) => (plan ? [{ host: id, digest: plan }] : []))
}
