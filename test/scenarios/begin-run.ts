/** The steps of a run as a person takes them, over the controller's API, with their real key. */
import { execFileSync } from 'node:child_process'
import { hasEnded, manifestBytes, manifestDigest, type Run } from '@fleetmend/shared'
import type { TRPCClient } from '@trpc/client'
import type { ApiRouter } from '../../packages/controller/src/index.ts'
import { until } from '../lab/until.ts'

type Api = TRPCClient<ApiRouter>
type Start = Parameters<Api['runs']['start']['mutate']>[0]

/** A run over the whole fleet for what is found there; answers when the plans are made. */
export async function planRun(api: Api, more: Partial<Start> = {}): Promise<Run> {
  const { id } = await api.runs.start.mutate({
    target: {},
    by: 'ana',
    reason: 'web hosts answer 502',
    asked: { want: 'for-findings', watchMs: 0 },
    waves: { canaryHosts: 1, batchHosts: 10 },
    limits: { stopAtFailures: 1, groupsAtOnce: 1, approvalsNeeded: 1 },
    ...more,
  })
  return untilRun(api, id, ({ state }) => state !== 'planning')
}

export function sign(run: Run, key: string): string {
  if (!run.manifest) throw new Error(`${run.id} has no manifest: it is ${run.state}.`)
  const args = ['-Y', 'sign', '-q', '-n', 'fleetmend-approval@v1', '-f', key]
  return execFileSync('ssh-keygen', args, { input: manifestBytes(run.manifest), encoding: 'utf8' })
}

export async function approve(api: Api, run: Run, key: string): Promise<Run> {
  if (!run.manifest) throw new Error(`${run.id} has no manifest: it is ${run.state}.`)
  return api.runs.approve.mutate({ run: run.id, digest: manifestDigest(run.manifest), signature: sign(run, key) })
}

/** Approved, begun and waited for. */
export async function carryOut(api: Api, run: Run, key: string): Promise<Run> {
  await approve(api, run, key)
  await api.runs.begin.mutate({ run: run.id, by: 'ana' })
  return endOf(api, run.id)
}

export async function endOf(api: Api, id: string): Promise<Run> {
  return untilRun(api, id, ({ state }) => hasEnded(state))
}

export async function untilRun(api: Api, id: string, holds: (run: Run) => boolean): Promise<Run> {
  let { run } = await api.runs.show.query({ run: id })
  const heldThen = async (): Promise<boolean> => {
    ;({ run } = await api.runs.show.query({ run: id }))
    return holds(run)
  }
  await until(heldThen, () => `${id}, which stays ${run.state}: ${JSON.stringify(run.hosts)}`)
  return run
}
