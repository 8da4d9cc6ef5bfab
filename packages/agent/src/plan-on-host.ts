/** What would be done on a host: one look at it, and a plan for what was asked or for what was found, stored there. */
import { randomBytes } from 'node:crypto'
import { undoRemediation, type HostDiagnosis, type PlanAnswer, type SuggestedRemediation } from '@fleetmend/shared'
import { diagnose } from './diagnoses/diagnose.ts'
import type { Host } from './host/host.ts'
import { lookOptions } from './look-options.ts'
import { makePlan, type Wanted } from './plans/make-plan.ts'
import type { Remediation } from './remediations/define.ts'
import { policyToLookBy } from './policy/policy-to-look-by.ts'
import { foreseen } from './policy/foreseen.ts'
import { fieldsOf, readInput } from './remediations/read-input.ts'
import { remediations } from './remediations/registry.ts'
import { undoApply } from './remediations/undo-apply.ts'
import { demandHistory } from './samples/demand-history.ts'
import { readSamples } from './samples/read-samples.ts'
import { hmacOf } from './state/host-key.ts'
import { savePlan } from './state/plan-store.ts'
import type { StateFolder } from './state/state-folder.ts'
import type { HostFacts } from './survey/host-facts.ts'
import { look } from './survey/look.ts'
import { readUndo } from './undo-source.ts'

export interface PlanRequest {
  /** What to plan, in order; or whatever clears the causes found now. */
  readonly want: readonly SuggestedRemediation[] | 'for-findings'
  /** Risks too, when planning for findings. */
  readonly alsoRisks?: boolean
  /** Start what a person stopped (DESIGN D11). */
  readonly startStopped?: boolean
  readonly site?: string
  readonly watchMs?: number
}

export const defaultWatchMs = 60_000

const historyMs = 7 * 24 * 60 * 60_000

export async function planOnHost(host: Host, state: StateFolder, request: PlanRequest): Promise<PlanAnswer> {
  const history = demandHistory(await readSamples(state, host.nowMs() - historyMs))
  const policy = await policyToLookBy(host)
  const known = { history, ...lookOptions(state, policy) }
  const facts = await look(host, { ...known, ...(request.site === undefined ? {} : { site: request.site }) })
  const suggestions = request.want === 'for-findings' ? suggested(diagnose(facts, request), request) : request.want
  if (suggestions.length === 0)
    return { kind: 'nothing-to-do', because: 'No cause was found that a remediation would clear.' }
  const wanted: Wanted[] = []
  for (const { id, input } of suggestions) {
    const remediation = remediations.find((each) => each.id === id)
    if (!remediation)
      return {
        kind: 'refused',
        because: `There is no remediation "${id}".`,
        toDo: `It can be ${remediations.map((each) => each.id).join(', ')}.`,
      }
    const parsed = readInput(remediation, withConsent(remediation, input, request))
    if (!parsed.ok) return { kind: 'refused', because: parsed.says, toDo: 'Give the input in the form shown.' }
    wanted.push({ remediation, input: parsed.input })
  }
  const planning = await makePlan(host, await withUndo(host, state, facts, wanted), wanted, {
    nonce: randomBytes(16).toString('hex'),
    timeToLiveMs: policy.plansLastMinutes * 60_000,
    watchMs: request.watchMs ?? defaultWatchMs,
    leaveOutRefused: request.want === 'for-findings',
    hmac: (bytes) => hmacOf(state.key, bytes),
  })
  if (planning.kind !== 'planned') return planning
  const record = await foreseen(host, state, planning.record)
  const saved = await savePlan(state, record, planning.sealed)
  if (!saved.ok)
    return {
      kind: 'refused',
      because: saved.says,
      toDo: 'A plan that is not stored could not be applied. Make room or repair the state folder, and plan again.',
    }
  return { kind: 'planned', record }
}

/** What was applied here is read only for who wants it undone. */
async function withUndo(
  host: Host,
  state: StateFolder,
  facts: HostFacts,
  wanted: readonly Wanted[],
): Promise<HostFacts> {
  const undo = wanted.find(({ remediation }) => remediation.id === undoRemediation)
  if (!undo) return facts
  return { ...facts, undo: await readUndo(host, state, facts, undoApply.input.parse(undo.input)) }
}

/** Each suggestion once, causes before risks. */
function suggested(diagnosis: HostDiagnosis, request: PlanRequest): readonly SuggestedRemediation[] {
  const roles = request.alsoRisks ? ['cause', 'risk'] : ['cause']
  const all = diagnosis.findings
    .filter((finding) => roles.includes(finding.role))
    .flatMap((finding) => finding.remediations)
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()]
}

/** Starting what somebody stopped takes a person's word in this request; a suggestion does not count as one. */
function withConsent(
  remediation: Remediation,
  input: SuggestedRemediation['input'],
  request: PlanRequest,
): SuggestedRemediation['input'] {
  const asksForIt = fieldsOf(remediation)['startStopped'] !== undefined
  if (!asksForIt || (request.want !== 'for-findings' && !request.startStopped)) return input
  const { startStopped: _, ...rest } = input
  return request.startStopped ? { ...rest, startStopped: true } : rest
}
