/**
 * Carries out plans on hosts that were reached over SSH, as root there: of each change the first hosts alone, then a few at
 * once, and no further host begins once enough have failed. What has begun goes on without us.
 */
import {
  ApplyId,
  ApplyNews,
  exitCodes,
  outcomeExits,
  problem,
  sessionRoot,
  type ApplyReport,
  type Digest,
  type PlanRecord,
  type Problem,
  shareOf,
  type Share,
} from '@fleetmend/shared'
import { notBelieved } from './ask-hosts.ts'
import { atOnce } from './at-once.ts'
import type { HostSession } from './open-session.ts'

/** A host with the plan that a person has seen. */
export interface HostToApply {
  readonly name: string
  readonly session: HostSession
  readonly record: PlanRecord
}

export type AppliedHost = { readonly name: string } & (
  | { readonly is: 'applied'; readonly report: ApplyReport }
  | { readonly is: 'refused'; readonly problem: Problem }
  | { readonly is: 'not-begun' }
)

export interface Pace {
  readonly canary: Share
  /** Growing sizes are for runs of a controller: here the last one counts. */
  readonly batch: readonly Share[]
  readonly maxFailed: number
}

/** A line of the journal of a host at work. */
export type Tell = (name: string, at: string, says: string) => void

const beginLimitMs = 60_000

export async function applyHosts(
  changes: readonly (readonly HostToApply[])[],
  { canary, batch, maxFailed }: Pace,
  tell: Tell,
): Promise<readonly AppliedHost[]> {
  let failures = 0
  const applied: AppliedHost[] = []
  const work = async (host: HostToApply): Promise<AppliedHost> => {
    if (failures >= maxFailed) return { name: host.name, is: 'not-begun' }
    const ended = await applyOn(host, tell)
    if (hasFailed(ended)) failures++
    return ended
  }
  for (const hosts of changes) {
    const canaries = shareOf(canary, hosts.length)
    const most = Math.max(1, shareOf(batch.at(-1) ?? 1, hosts.length))
    for (const wave of [hosts.slice(0, canaries), hosts.slice(canaries)])
      applied.push(...(await atOnce(wave, most, work)))
  }
  return applied
}

function hasFailed(host: AppliedHost): boolean {
  if (host.is !== 'applied') return true
  return host.report.outcome === null || outcomeExits[host.report.outcome] !== exitCodes.done
}

async function applyOn({ name, session, record }: HostToApply, tell: Tell): Promise<AppliedHost> {
  try {
    const asked = { plan: record.digest, authority: sessionRoot }
    const begun = await session.agent.remediate.begin.mutate(asked, { context: { limitMs: beginLimitMs } })
    const apply = ApplyId.safeParse(begun.apply)
    if (!apply.success) return refused(name, notBelieved(name, 'what it began has no name'))
    const report = await followed(session, apply.data, record.digest, (at, says) => tell(name, at, says))
    if (report !== null) return { name, is: 'applied', report }
    return refused(name, notBelieved(name, `it did not say how ${apply.data} ended`))
  } catch (error) {
    return refused(name, session.failure(error))
  }
}

/** Its report; null: what it told is none of this plan. */
function followed(
  { agent }: HostSession,
  apply: ApplyId,
  plan: Digest,
  tell: (at: string, says: string) => void,
): Promise<ApplyReport | null> {
  return new Promise((resolve, reject) => {
    let report: ApplyReport | null = null
    agent.remediate.watch.subscribe(
      { apply },
      {
        onData: ({ data }) => {
          const { data: news } = ApplyNews.safeParse(data)
          if (news?.news === 'entry') tell(news.entry.at, news.entry.says)
          if (news?.news === 'closed' && news.report.plan === plan) report = news.report
        },
        onError: reject,
        onComplete: () => resolve(report),
      },
    )
  })
}

function refused(name: string, why: Problem): AppliedHost {
  if (why.code !== 'ssh-broken') return { name, is: 'refused', problem: why }
  // Whoever lost the line knows nothing of how it went on; the host does.
  const toDo = 'What had begun there goes on without us. To see how the host is:\n    fleetmend diagnose --ssh'
  return { name, is: 'refused', problem: problem(why.code, `${why.detail}\n\n${toDo} ${name}`) }
}
