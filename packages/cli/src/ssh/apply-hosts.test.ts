/** How hosts follow one another. Each is the agent's own session over a byte stream, with a unit that ends as it is told. */
import { duplexPair } from 'node:stream'
import type { AgentRouter } from '@fleetmend/agent'
import { Peer, problem, problemOf, streamChannel, type ApplyOutcome } from '@fleetmend/shared'
import { createTRPCClient } from '@trpc/client'
import { afterEach, expect, test } from 'vitest'
import { hostOf, simulatedWorld } from '../../../agent/src/execute/simulated-host.ts'
import { answerRoot } from '../../../agent/src/serve/root-session.ts'
import { openApplyRecord } from '../../../agent/src/state/apply-record.ts'
import { savePlan } from '../../../agent/src/state/plan-store.ts'
import { sampleMadeAtMs, samplePlan } from '../../../agent/src/state/sample-plan.ts'
import { temporaryState } from '../../../agent/src/state/temporary-state.ts'
import { applyHosts, type HostToApply } from './apply-hosts.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** `ends`: how its applies end; `null`: the line is cut instead. */
async function host(name: string, outcome: ApplyOutcome | null, begun: string[]): Promise<HostToApply> {
  const folder = await temporaryState()
  const { state } = folder
  const { record, sealed } = samplePlan(state.key, {})
  await savePlan(state, record, sealed)
  const [near, far] = duplexPair()
  const answered = answerRoot(
    {
      ...{ root: 'root over SSH', paths: state, say: () => undefined },
      host: hostOf(simulatedWorld(sampleMadeAtMs + 1000)),
      open: async () => ({ ok: true, value: state }),
      async start(id) {
        begun.push(name)
        if (outcome === null) far.destroy()
        const opened = await openApplyRecord(state, id)
        if (!opened.ok) throw new Error(opened.problem.detail)
        const at = new Date(sampleMadeAtMs + 2000).toISOString()
        const how = { outcome: outcome ?? 'stuck', problem: null, verdict: null }
        await opened.value.journal.append({ entry: 'closed', at, says: 'It has ended.', ...how })
        return { ok: true }
      },
    },
    far,
  )
  const peer = new Peer(streamChannel(near, { preamble: 'expect' }))
  ends.push(async () => {
    peer.close()
    await answered
    await folder[Symbol.asyncDispose]()
  })
  const agent = createTRPCClient<AgentRouter>({ links: [peer.link<AgentRouter>()] })
  const failure = (error: unknown) =>
    peer.open ? problemOf(error) : problem('ssh-broken', 'The connection to it broke.')
  return { name, record, session: { agent, failure, canApply: true, close: async () => null } }
}

const pace = { canary: 1, batch: [10], maxFailed: 1 }

test('the first of a change goes alone, the others follow it, and each tells what it does under its name', async () => {
  const begun: string[] = []
  const hosts = await Promise.all(['a', 'b', 'c'].map((name) => host(name, 'fixed', begun)))
  const told: string[] = []
  const applied = await applyHosts([hosts], pace, (name, _at, says) => told.push(`${name}: ${says}`))
  expect(begun[0]).toBe('a')
  expect(applied).toMatchObject(
    ['a', 'b', 'c'].map((name) => ({
      name,
      is: 'applied',
      report: { outcome: 'fixed', authority: { kind: 'local-root' } },
    })),
  )
  expect(told).toContain('b: It has ended.')
})

test('no further host begins once enough have failed', async () => {
  const begun: string[] = []
  const hosts = [await host('a', 'rolled-back', begun), await host('b', 'fixed', begun)]
  const other = [await host('c', 'fixed', begun)]
  expect(await applyHosts([hosts, other], pace, () => undefined)).toMatchObject([
    { name: 'a', is: 'applied', report: { outcome: 'rolled-back' } },
    { name: 'b', is: 'not-begun' },
    { name: 'c', is: 'not-begun' },
  ])
  expect(begun).toEqual(['a'])
})

test('a line that breaks is no outcome: the host goes on, and that is said', async () => {
  const begun: string[] = []
  const [cut] = await applyHosts([[await host('a', null, begun)]], pace, () => undefined)
  expect(cut).toMatchObject({ is: 'refused', problem: { code: 'ssh-broken' } })
  expect(cut?.is === 'refused' && cut.problem.detail).toContain('goes on without us')
})

test('a host that lets nothing begin is told with its reason', async () => {
  const begun: string[] = []
  const unknown = await host('a', 'fixed', begun)
  const other = { ...unknown, record: { ...unknown.record, digest: `sha256:${'0'.repeat(64)}` as const } }
  expect(await applyHosts([[other]], pace, () => undefined)).toMatchObject([
    { name: 'a', is: 'refused', problem: { code: 'unknown-plan' } },
  ])
  expect(begun).toEqual([])
})
