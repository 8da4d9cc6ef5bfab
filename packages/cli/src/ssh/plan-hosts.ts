/** What hosts that were reached over SSH would do, each plan compared with its digest before anybody sees it. */
import { digestOf, Hello, PlanAnswer, problem, type Problem, type SuggestedRemediation } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { liveLine } from '../progress/live-line.ts'
import { readRemediation } from '../words/remediation-words.ts'
import { askHosts, notBelieved, type Answered } from './ask-hosts.ts'
import type { ReachedHost } from './reach-hosts.ts'

export interface PlanOptions {
  readonly do?: string | undefined
  readonly input?: readonly string[] | undefined
  readonly risks?: true | undefined
  readonly startStopped?: true | undefined
  readonly watch?: number | undefined
}

export type PlannedHost = Answered<PlanAnswer>

export type Planned =
  | { readonly ok: true; readonly value: readonly PlannedHost[] }
  | { readonly ok: false; readonly problem: Problem }

const planLimitMs = 180_000

export async function planHosts(
  { streams }: Pick<Cli, 'streams'>,
  hosts: readonly ReachedHost[],
  options: PlanOptions,
): Promise<Planned> {
  const line = liveLine(streams)
  line.show('Planning')
  const want = await wanted(hosts, options)
  if (!want.ok) {
    line.clear()
    return want
  }
  const { risks, startStopped, watch } = options
  const asked = {
    want: want.value,
    ...(risks ? { alsoRisks: true } : {}),
    ...(startStopped ? { startStopped: true } : {}),
    ...(watch === undefined ? {} : { watchMs: watch * 1000 }),
  }
  const answers = await askHosts(hosts, PlanAnswer, (agent) =>
    agent.remediate.plan.mutate(asked, { context: { limitMs: planLimitMs } }),
  )
  line.clear()
  return { ok: true, value: answers.map(believed) }
}

/** What is shown is what is applied: both are known by this digest. */
function believed(host: PlannedHost): PlannedHost {
  if (!host.ok || host.value.kind !== 'planned') return host
  const { digest, plan } = host.value.record
  if (digestOf(plan) === digest) return host
  return { name: host.name, ok: false, problem: notBelieved(host.name, 'its plan is not the one of its digest') }
}

type Wanted =
  | { readonly ok: true; readonly value: 'for-findings' | SuggestedRemediation[] }
  | { readonly ok: false; readonly problem: Problem }

async function wanted(hosts: readonly ReachedHost[], { do: id, input = [] }: PlanOptions): Promise<Wanted> {
  if (id === undefined) {
    if (input.length === 0) return { ok: true, value: 'for-findings' }
    return { ok: false, problem: problem('usage', 'An input belongs to a remediation; findings bring their own.') }
  }
  const first = hosts.find(({ ok }) => ok)
  const [hello] = await askHosts(first ? [first] : [], Hello, (agent) => agent.hello.query())
  // Nobody who could say what it takes: then nobody is asked either.
  if (!hello) return { ok: true, value: [{ id, input: {} }] }
  if (!hello.ok) return hello
  const read = readRemediation(id, input, hello.value.catalogue.remediations)
  return read.ok ? { ok: true, value: [read.value] } : read
}
