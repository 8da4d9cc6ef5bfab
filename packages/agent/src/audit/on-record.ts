/** What goes on record on a host, and when: one function for each occasion, called where it happens. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { problem } from '@fleetmend/shared/problems'
import type { ApplyId, ApplyReport, Authority, Digest, PlanRecord, Problem, RunId } from '@fleetmend/shared'
import { digestOf, digestOfBytes } from '@fleetmend/shared/digest'
import type { StartApply } from '../execute/begin-apply.ts'
import type { ReadHost } from '../host/host.ts'
import { readReport } from '../state/apply-record.ts'
import type { Identity, Membership } from '../state/identity.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { record, recordBounded, withChain, type OnRecord, type Recorder } from './host-chain.ts'

export interface RecordingHost extends Recorder {
  readonly state: StateFolder
}

/** Begins an apply only once its admission is on disk: what nobody could find afterwards is not done. */
export function recordedStart(start: StartApply, recorder: RecordingHost, authority: Authority | null): StartApply {
  return async (id) => {
    const report = await readReport(recorder.state, id)
    const written = report === null ? null : await recordAdmission(recorder, report, authority)
    return written?.ok === true ? start(id) : { ok: false, problem: notWritten(written?.says ?? 'its journal is gone') }
  }
}

function recordAdmission(recorder: Recorder, report: ApplyReport, authority: Authority | null): Promise<OnRecord> {
  const { apply, plan } = report
  const { run, signed } = signedOf(authority)
  return record(recorder, { type: 'apply-admitted', apply, plan, authority: report.authority, run, signed })
}

/** An apply that was asked for and not begun. Anybody may ask as often as they like, so that it is bounded. */
export async function recordRefusal(
  recorder: Recorder,
  plan: Digest | null,
  authority: Authority | null,
  askedBy: string,
  { code }: Problem,
): Promise<void> {
  const { run } = signedOf(authority)
  await recordBounded(recorder, { type: 'apply-refused', plan, code, askedBy: askedBy.slice(0, 300), run })
}

export async function recordPlan(recorder: Recorder, { digest, plan }: PlanRecord, askedBy: string): Promise<void> {
  await recordBounded(recorder, {
    type: 'plan-made',
    plan: digest,
    remediations: plan.remediations.map(({ id }) => id),
    askedBy: askedBy.slice(0, 300),
  })
}

/**
 * What became of an apply or of its rollback. Told again after a crash, it is on record once. Where it cannot be written
 * its journal still has it.
 */
export async function recordEnd(
  recorder: Recorder,
  { apply, plan, outcome, problem: why }: ApplyReport,
): Promise<void> {
  if (outcome === null) return
  await withChain(recorder, async (chain) => {
    const known = await chain.newest('apply-ended', (ended) => ended.apply === apply)
    if (known?.outcome === outcome) return
    await chain.append({ type: 'apply-ended', apply, plan, outcome, code: why?.code ?? null })
  })
}

export async function recordRollback(recorder: Recorder, apply: ApplyId, askedBy: string): Promise<void> {
  await record(recorder, { type: 'rollback-asked', apply, askedBy: askedBy.slice(0, 300) })
}

/** Whoever may approve and what is allowed here is root's to say; that it is another than before is on record, as digests. */
export async function recordRules(
  recorder: Recorder,
  host: Pick<ReadHost, 'readFile'>,
  paths: { readonly approvers: string; readonly policy: string },
): Promise<void> {
  const [approvers, policy] = await Promise.all([fileDigest(host, paths.approvers), fileDigest(host, paths.policy)])
  await withChain(recorder, async (chain) => {
    const last = await chain.newest('rules-seen')
    if (last !== null && last.approvers === approvers && last.policy === policy) return
    await chain.append({ type: 'rules-seen', approvers, policy })
  })
}

/** Called when a host has its new identity: whoever keeps its chain takes heads by this key from now on. */
export async function recordEnrolled(recorder: Recorder, { host, fleet, key }: Membership): Promise<void> {
  const publicKey = createPublicKey(createPrivateKey(key)).export({ format: 'der', type: 'spki' })
  await record(recorder, { type: 'enrolled', host, fleet, key: digestOfBytes(publicKey) })
}

/** Called when a renewed certificate is kept; the key is the same. */
export async function recordRenewed(recorder: Recorder, { expiresAt }: Pick<Identity, 'expiresAt'>): Promise<void> {
  await record(recorder, { type: 'certificate-renewed', expiresAt })
}

/** A witness of the controller's chain: once it is on disk here, the controller cannot tell another story of it. */
export async function recordControllerHead(
  recorder: Recorder,
  { sequence, hash }: { readonly sequence: number; readonly hash: Digest },
): Promise<void> {
  await recordBounded(recorder, { type: 'controller-head', sequence, hash })
}

/** The run that an authority is of, and the digest of what was signed for it. */
function signedOf(authority: Authority | null): { readonly run: RunId | null; readonly signed: Digest | null } {
  switch (authority?.kind) {
    case 'approval':
    case 'break-glass':
      return { run: authority.manifest.run, signed: digestOf(authority.manifest) }
    case 'grant':
      return { run: null, signed: digestOf(authority.grant) }
    default:
      return { run: null, signed: null }
  }
}

async function fileDigest(host: Pick<ReadHost, 'readFile'>, path: string): Promise<Digest | null> {
  const read = await host.readFile(path)
  return read.ok ? digestOfBytes(read.value) : null
}

function notWritten(says: string): Problem {
  return problem(
    'audit-not-written',
    `Cannot apply: what is done on this host is put on record first, and that could not be written (${says}). Nothing was changed.\n\nMake room or repair the state folder, and apply again.`,
  )
}
