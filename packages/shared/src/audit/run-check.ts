/**
 * The runs of an audit: each event is the one that the chain names, what was signed is what was planned, and whatever was
 * applied was in the tree that people signed.
 */
import * as z from 'zod/mini'
import type { Approvers } from '../approval/allowed-signers.ts'
import { SignedGrant } from '../approval/authority.ts'
import { breakGlassBytes } from '../approval/break-glass.ts'
import { grantBytes, whyNotCovered } from '../approval/grant.ts'
import { Manifest, manifestBytes, manifestDigest } from '../approval/manifest.ts'
import {
  APPROVAL_NAMESPACE,
  BREAK_GLASS_NAMESPACE,
  GRANT_NAMESPACE,
  REQUEST_NAMESPACE,
} from '../approval/namespaces.ts'
import { planTree } from '../approval/plan-tree.ts'
import { verifySshSignature } from '../approval/sshsig.ts'
import { readVote, type Signable } from '../approval/votes.ts'
import { digestOf } from '../digest.ts'
import { ApplyReport } from '../model/apply.ts'
import type { Digest, HostId, Instant, RunId } from '../model/ids.ts'
import { PlanRecord } from '../model/plan.ts'
import { RunApproval, RunBreakGlass, RunLimits } from '../model/run.ts'
import type { ExportedEvent } from './export-lines.ts'
import type { Verdicts } from './verification.ts'

/** What an approver's file says besides what the audit itself holds. */
export interface RunCheckOptions {
  readonly approvers: Approvers | null
}

export interface CheckedRun {
  readonly run: RunId
  readonly manifest: Manifest | null
  readonly plans: ReadonlyMap<HostId, Digest>
  readonly reports: ReadonlyMap<HostId, ApplyReport>
}

/** In the order of their revisions; holes are told by whoever knows what should be there. */
export function checkRun(
  run: RunId,
  events: readonly ExportedEvent[],
  { approvers }: RunCheckOptions,
  verdicts: Verdicts,
): CheckedRun {
  const plans = new Map<HostId, PlanRecord>()
  const reports = new Map<HostId, ApplyReport>()
  const signers = new Map<string, string>()
  let manifest: Manifest | null = null
  let needed = 1
  let glassBroken = false
  let grant: SignedGrant | null = null
  const brokenBefore = verdicts.brokenCount
  const broken = (says: string): void => verdicts.broken('audit-broken', `${run}: ${says}`)

  /** Who signed, where it counts. */
  function signer(signed: RunApproval, signable: Signable, deed: string): string | null {
    const who = whoSigned(signed.signature, signable, { approvers, at: signed.at })
    if (!who.ok) {
      verdicts.broken('audit-not-approved', `${run}: ${deed} of ${signed.principal} does not count: ${who.says}.`)
      return null
    }
    if (who.fingerprint !== signed.fingerprint || (who.principal ?? signed.principal) !== signed.principal) {
      const as = who.principal ?? who.fingerprint
      verdicts.broken('audit-not-approved', `${run}: ${deed} in the name of ${signed.principal} is by ${as}.`)
      return null
    }
    return signed.principal
  }

  for (const { event: any, revision } of events) {
    const read = KnownEvent.safeParse(any)
    if (!read.success) {
      if (knownTypes.has(any.type)) broken(`event ${revision} is no ${any.type}.`)
      continue
    }
    const event = read.data
    switch (event.type) {
      case 'started':
        needed = Math.max(needed, event.limits.approvalsNeeded)
        break
      case 'host-planned':
        if (event.record.plan.host !== event.host || digestOf(event.record.plan) !== event.record.digest)
          broken(`the plan of ${event.host} is not the one that its digest names.`)
        needed = Math.max(needed, event.record.approvalsNeeded ?? 1)
        plans.set(event.host, event.record)
        break
      case 'approval-asked':
        manifest = event.manifest
        if (!isTreeOf(manifest, plans)) broken('what was to be signed is not what the hosts had planned.')
        break
      case 'approved': {
        if (!manifest || event.digest !== manifestDigest(manifest)) {
          broken('an approval is not of its manifest.')
          break
        }
        const signable = { message: manifestBytes(manifest), namespace: APPROVAL_NAMESPACE }
        const who = signer(event.approval, signable, 'the approval')
        if (who !== null) signers.set(event.approval.fingerprint, who)
        break
      }
      case 'request-signed':
        if (!manifest) broken('a request was signed before there was anything to ask for.')
        else signer(event.request, { message: manifestBytes(manifest), namespace: REQUEST_NAMESPACE }, 'the request')
        break
      case 'glass-broken': {
        if (!manifest) {
          broken('somebody went ahead alone with what had no plans.')
          break
        }
        const message = breakGlassBytes({ manifest, reason: event.breakGlass.reason })
        const signable = { message, namespace: BREAK_GLASS_NAMESPACE, mustBeNamed: true }
        glassBroken = signer(event.breakGlass, signable, 'the broken glass') !== null
        break
      }
      case 'grant-presented': {
        grant = event.grant
        const signable = { message: grantBytes(grant.grant), namespace: GRANT_NAMESPACE }
        for (const signature of grant.signatures) {
          const who = whoSigned(signature, signable, { approvers, at: event.at })
          const which = `a signature of ${grant.grant.id}`
          if (!who.ok) verdicts.broken('audit-not-approved', `${run}: ${which} does not count: ${who.says}.`)
        }
        break
      }
      case 'host-applied':
      case 'host-answered': {
        const { host: where, report } = event
        if (report === null || report.outcome === null) break
        reports.set(where, report)
        const people = new Set(signers.values()).size
        const why = whyNotAllowed(report, plans.get(where), { people, needed, glassBroken, grant })
        if (why !== null) verdicts.broken('audit-not-approved', `${run}: ${where} applied a plan ${why}.`)
        break
      }
    }
  }
  const holds = verdicts.brokenCount === brokenBefore
  if (signers.size > 0 && holds) {
    const against = approvers === null ? 'the keys in them' : 'the list of approvers'
    verdicts.proved(
      `${run}: approved by ${[...new Set(signers.values())].join(', ')}; the signatures hold against ${against}.`,
    )
  }
  const applied = [...reports.values()].filter(({ outcome }) => outcome !== 'refused').length
  if (applied > 0 && holds)
    verdicts.proved(`${run}: ${applied} applied plan${applied === 1 ? ' is' : 's are'} what was signed.`)
  return { run, manifest, plans: new Map([...plans].map(([host, { digest }]) => [host, digest])), reports }
}

const host = z.string()

/** What is read of each kind. Others are followed by their hashes alone. */
const KnownEvent = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('started'), limits: RunLimits }),
  z.looseObject({ type: z.literal('host-planned'), host, record: PlanRecord }),
  z.looseObject({ type: z.literal('approval-asked'), manifest: Manifest }),
  z.looseObject({ type: z.literal('approved'), digest: z.string(), approval: RunApproval }),
  z.looseObject({ type: z.literal('request-signed'), request: RunApproval }),
  z.looseObject({ type: z.literal('glass-broken'), breakGlass: RunBreakGlass }),
  z.looseObject({ type: z.literal('grant-presented'), at: z.string(), grant: SignedGrant }),
  z.looseObject({ type: z.literal('host-applied'), host, report: z.nullable(ApplyReport) }),
  z.looseObject({ type: z.literal('host-answered'), host, report: z.nullable(ApplyReport) }),
])
const knownTypes: ReadonlySet<string | undefined> = new Set(
  KnownEvent._zod.def.options.map(({ shape }) => shape.type._zod.def.values[0]),
)

type WhoSigned =
  | { readonly ok: true; readonly fingerprint: string; readonly principal: string | null }
  | { readonly ok: false; readonly says: string }

/** Without a list of approvers: the key that a signature names has made it. Whose key that is, the list says. */
function whoSigned(
  armored: string,
  signable: Signable,
  { approvers, at }: { readonly approvers: Approvers | null; readonly at: Instant },
): WhoSigned {
  const verified = verifySshSignature(armored, signable.message, signable.namespace)
  if (!verified.ok) return verified
  const { fingerprint } = verified.signer
  if (approvers === null) return { ok: true, fingerprint, principal: null }
  const vote = readVote(armored, signable, approvers, Date.parse(at))
  return vote.ok ? { ok: true, fingerprint, principal: vote.approver.principal } : vote
}

function isTreeOf(manifest: Manifest, plans: ReadonlyMap<HostId, PlanRecord>): boolean {
  const tree = planTree([...plans].map(([each, { digest }]) => ({ host: each, digest })))
  return tree.root === manifest.root && tree.size === manifest.hosts
}

interface Allowed {
  readonly people: number
  readonly needed: number
  readonly glassBroken: boolean
  readonly grant: SignedGrant | null
}

/** As the end of a sentence; null: it was allowed, or nothing was begun. */
function whyNotAllowed(report: ApplyReport, planned: PlanRecord | undefined, allowed: Allowed): string | null {
  if (report.outcome === 'refused') return null
  if (planned?.digest !== report.plan) return 'that is not the one it had planned'
  switch (report.authority.kind) {
    // A person with root was there, and did it themselves: the host says so, and nobody has to sign.
    case 'local-root':
      return null
    case 'approval':
      return allowed.people >= allowed.needed
        ? null
        : `that ${allowed.needed} people had to sign, and ${allowed.people} had`
    case 'break-glass':
      return allowed.glassBroken ? null : 'alone, and nobody had signed for that'
    case 'grant': {
      if (allowed.grant === null) return 'by a grant, and none was shown'
      const uncovered = whyNotCovered(allowed.grant.grant, planned.plan)
      return uncovered === null ? null : `that its grant does not cover: ${uncovered.says}`
    }
  }
}
