/** Turns wanted remediations into one plan for this host: drafted, merged, diffed, linted, digested. Changes nothing. */
import {
  digestOf,
  type BasisItem,
  type ChangeOf,
  type FileState,
  type Plan,
  type PlanRecord,
  type PlannedRemediation,
} from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import { bytesOf, forPeople } from '../readings/bytes.ts'
import { hostRedactor } from '../redaction/host-redactor.ts'
import type { Draft, Drafted, Remediation } from '../remediations/define.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { fileDiff } from './file-diff.ts'
import { lintPlan } from './lint-plan.ts'
import { managedBy, managedWarning, type Manager } from './managed-by.ts'
import { mergeDrafts, type Merged, type MergedFile } from './merge-drafts.ts'
import { redactDraft } from './redact-draft.ts'

/** A remediation with an input that its schema has parsed. */
export interface Wanted {
  readonly remediation: Remediation
  readonly input: PlannedRemediation['input']
}

export interface PlanTerms {
  readonly nonce: string
  /** How long the plan may wait for its approval. */
  readonly timeToLiveMs: number
  readonly watchMs: number
  /** Plan what can be planned and warn about the rest, instead of refusing all of it. */
  readonly leaveOutRefused: boolean
  /** Keyed with this host's secret. */
  hmac(bytes: Uint8Array): string
}

/** Real bytes of the files, which stay on the host. */
export interface SealedFiles {
  readonly before: ReadonlyMap<string, Uint8Array | null>
  readonly after: ReadonlyMap<string, Uint8Array | null>
}

export type Planning =
  | { readonly kind: 'planned'; readonly record: PlanRecord; readonly sealed: SealedFiles }
  | { readonly kind: 'nothing-to-do'; readonly because: string }
  | { readonly kind: 'refused'; readonly because: string; readonly toDo: string }

export async function makePlan(
  host: ReadHost,
  facts: HostFacts,
  wanted: readonly Wanted[],
  terms: PlanTerms,
): Promise<Planning> {
  const drafts: { readonly draft: Draft; readonly wanted: Wanted }[] = []
  const idle: string[] = []
  const redact = hostRedactor(facts)
  const leftOut: (Extract<Drafted, { kind: 'refused' }> & { readonly id: string })[] = []
  for (const each of wanted) {
    const drafted = redactDraft(each.remediation.draft(facts, each.input), redact)
    if (drafted.kind === 'refused') leftOut.push({ ...drafted, id: each.remediation.id })
    else if (drafted.kind === 'nothing-to-do') idle.push(drafted.because)
    else drafts.push({ draft: drafted, wanted: each })
  }
  const refusal = leftOut[0]
  if (refusal && (drafts.length === 0 || !terms.leaveOutRefused))
    return { kind: 'refused', because: refusal.because, toDo: refusal.toDo }
  if (drafts.length === 0) return { kind: 'nothing-to-do', because: idle.join(' ') || 'Nothing was asked for.' }

  const texts = textsRead(facts)
  const merged = mergeDrafts(
    drafts.map(({ draft }) => draft),
    (path) => texts.get(path) ?? null,
  )
  if (!merged.ok)
    return {
      kind: 'refused',
      because: `The remediations do not fit together: ${merged.says}.`,
      toDo: 'Plan them one after the other.',
    }

  const files: ResolvedFile[] = []
  for (const file of merged.value.files) {
    const resolved = await resolveFile(host, file, terms)
    if (!resolved.ok)
      return {
        kind: 'refused',
        because: resolved.says,
        toDo: 'Make the change by hand, or mend what stands in the way and plan again.',
      }
    files.push(resolved.value)
  }
  const warnings = leftOut.map(({ id, because, toDo }) => `${id} is left out: ${because} ${toDo}`)
  const plan = composePlan(
    host,
    drafts,
    { ...merged.value, warnings: [...merged.value.warnings, ...warnings] },
    files,
    terms,
  )
  const broken = lintPlan(
    plan,
    files.map((file) => file.named),
  )
  if (broken.length > 0) {
    return {
      kind: 'refused',
      because: `The plan that came out is not safe: ${broken.join('; ')}.`,
      toDo: 'This is a bug in Fleetmend; please report it with `fleetmend-agent diagnose --json`.',
    }
  }
  return {
    kind: 'planned',
    record: { digest: digestOf(plan), plan, forecast: [...merged.value.forecast] },
    sealed: {
      before: new Map(files.map((file) => [file.change.path, file.before])),
      after: new Map(files.map((file) => [file.change.path, file.after])),
    },
  }
}

/** Every file text the facts were read from, by the path they were read under. */
function textsRead(facts: HostFacts): ReadonlyMap<string, string> {
  const fpm = facts.fpm.flatMap((service) => [
    ...(service.config.ok ? service.config.value.files : []),
    ...service.dropIns,
  ])
  const nginx = facts.nginx.config.ok ? facts.nginx.config.value.files : []
  return new Map([...fpm, ...nginx].map((file) => [file.path, file.text]))
}

interface ResolvedFile {
  /** As the configuration names it. */
  readonly named: string
  readonly change: ChangeOf<'file'>
  readonly before: Uint8Array | null
  readonly after: Uint8Array | null
  readonly manager: Manager | null
}

type Resolving = { readonly ok: true; readonly value: ResolvedFile } | { readonly ok: false; readonly says: string }

/** Follows links to the file itself, and puts its state, bytes and diff together. */
async function resolveFile(host: ReadHost, file: MergedFile, terms: PlanTerms): Promise<Resolving> {
  const real = file.before === null ? ({ ok: true, value: file.path } as const) : await host.resolve(file.path)
  if (!real.ok) return { ok: false, says: `${file.path} cannot be followed to a file: ${real.says}.` }
  const path = real.value
  const obstacle = await host.writeObstacle(path)
  if (obstacle !== null) return { ok: false, says: `This cannot be planned: ${obstacle}.` }
  const diff = fileDiff(path, file.before, file.after, file.mayChangeHidden)
  if (!diff.ok) return { ok: false, says: `This cannot be planned: ${diff.says}.` }
  const after = file.after === null ? null : bytesOf(file.after)
  if (file.before === null && after !== null) {
    const state: FileState = { ...contentOf(after, terms), mode: octal(file.mode), owner: 'root', group: 'root' }
    return {
      ok: true,
      value: {
        named: file.path,
        before: null,
        after,
        change: { of: 'file', path, before: null, after: state, diff: diff.diff },
        manager: null,
      },
    }
  }
  const stat = await host.stat(path)
  if (!stat.ok) return { ok: false, says: `${path} cannot be examined: ${stat.says}.` }
  const before = bytesOf(file.before ?? '')
  const attributes = {
    mode: octal(stat.value.mode),
    owner: await host.userName(stat.value.uid),
    group: await host.groupName(stat.value.gid),
  }
  const change: ChangeOf<'file'> = {
    of: 'file',
    path,
    before: { ...contentOf(before, terms), ...attributes },
    after: after && { ...contentOf(after, terms), ...attributes },
    diff: diff.diff,
  }
  return {
    ok: true,
    value: { named: file.path, before, after, change, manager: managedBy(forPeople(file.before ?? '')) },
  }
}

function contentOf(bytes: Uint8Array, terms: PlanTerms): Pick<FileState, 'hmac' | 'bytes'> {
  return { hmac: terms.hmac(bytes), bytes: bytes.byteLength }
}

function octal(mode: number): string {
  return `0${mode.toString(8).padStart(3, '0')}`
}

function composePlan(
  host: ReadHost,
  drafts: readonly { readonly draft: Draft; readonly wanted: Wanted }[],
  merged: Merged,
  files: readonly ResolvedFile[],
  terms: PlanTerms,
): Plan {
  const madeMs = host.nowMs()
  const fileBasis: BasisItem[] = files.map(({ change }) => ({ of: 'file', path: change.path, state: change.before }))
  const directoryBasis: BasisItem[] = merged.besides.flatMap((change) =>
    change.of === 'directory' ? [{ of: 'directory', path: change.path, state: change.before }] : [],
  )
  const ofFiles = files.flatMap(({ named, change: { path }, manager }) => [
    ...(named === path ? [] : [`${named} is a link; the file it points to is edited.`]),
    ...(manager ? [managedWarning(path, manager)] : []),
  ])
  return {
    format: 'fleetmend.plan/1',
    host: host.id,
    nonce: terms.nonce,
    madeAt: new Date(madeMs).toISOString(),
    expiresAt: new Date(madeMs + terms.timeToLiveMs).toISOString(),
    remediations: drafts.map(({ draft, wanted }) => ({
      id: wanted.remediation.id,
      input: wanted.input,
      because: draft.because,
      arithmetic: [...draft.arithmetic],
    })),
    clears: merged.clears,
    ...(merged.mayReturn ? { mayReturn: merged.mayReturn } : {}),
    checks: [...merged.checks],
    changes: [...files.map((file) => file.change), ...merged.besides],
    acts: [...merged.acts],
    disturbs: [...merged.disturbs],
    warnings: [...merged.warnings, ...ofFiles],
    basis: { exact: [...fileBasis, ...directoryBasis, ...merged.basis], guards: [...merged.guards] },
    watchMs: terms.watchMs,
  }
}
