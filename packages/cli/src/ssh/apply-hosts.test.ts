/** How hosts follow one another. Each is the agent's own session over a byte stream, with a unit that ends as it is told. */
import { duplexPair } from 'node:stream'
import type { AgentRouter } from '@fleetmend/agent'
import { clientOver, Peer, problem, problemOf, streamChannel, type ApplyOutcome } from '@fleetmend/shared'
import { afterEach, expect, test } from 'vitest'
import { hostOf } from '../../../agent/src/execute/simulated-host.ts'
import { simulatedWorld } from '../../../agent/src/execute/simulated-world.ts'
import { answerRoot } from '../../../agent/src/serve/root-session.ts'
import { openApplyRecord } from '../../../agent/src/state/apply-record.ts'
import { savePlan } from '../../../agent/src/state/plan-store.ts'
import { sampleMadeAtMs, samplePlan } from '../../../agent/src/state/sample-plan.ts'
import { temporaryState } from '../../../agent/src/state/temporary-state.ts'
import { applyHosts, type HostToApply } from './apply-hosts.ts'
import type { HostSession } from './open-session.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

interface Behaviour {
  /** How its applies end. */
  readonly outcome?: ApplyOutcome
  /** The line is cut when an apply is to begin, before the host has heard of it or after. */
  readonly cut?: 'before' | 'after'
  /** Whether it can be connected anew. */
  readonly comesBack?: boolean
}

async function host(name: string, begun: string[], behaviour: Behaviour = {}): Promise<HostToApply> {
  const { outcome = 'fixed', cut, comesBack = true } = behaviour
  const folder = await temporaryState()
  ends.push(async () => {
    await folder[Symbol.asyncDispose]()
  })
  const { state } = folder
  const { record, sealed } = samplePlan(state.key, {})
  await savePlan(state, record, sealed)
  let isCut = false
  const line = () => {
    const [near, far] = duplexPair()
    const answered = answerRoot(
      {
        ...{ root: 'root over SSH', paths: state, say: () => undefined },
        host: hostOf(simulatedWorld(sampleMadeAtMs + 1000)),
        open: async () => ({ ok: true, value: state }),
        async start(id) {
          begun.push(name)
          const cutsNow = cut === 'after' && !isCut
          if (cutsNow) {
            isCut = true
            far.destroy()
          }
          const opened = await openApplyRecord(state, id)
          if (!opened.ok) throw new Error(opened.problem.detail)
          const at = new Date(sampleMadeAtMs + 2000).toISOString()
          await opened.value.journal.append({
            entry: 'closed',
            at,
            says: 'It has ended.',
            outcome,
            problem: null,
            verdict: null,
          })
          return { ok: true }
        },
      },
      far,
    )
    const peer = new Peer(streamChannel(near, { preamble: 'expect' }))
    ends.push(async () => {
      peer.close()
      await answered
    })
    if (cut === 'before' && !isCut) {
      isCut = true
      far.destroy()
    }
    return { peer, agent: clientOver<AgentRouter>(peer) }
  }
  let now = line()
  const broken = problem('ssh-broken', 'The connection to it broke.')
  const session: HostSession = {
    get agent() {
      return now.agent
    },
    canApply: true,
    failure: (error) => (now.peer.open ? problemOf(error) : broken),
    async reconnect() {
      if (!comesBack) return broken
      now = line()
      return null
    },
    close: async () => null,
  }
  return { name, record, session }
}

const never = new AbortController().signal
const pace = { canary: 1, batch: [10], maxFailed: 1 }

test('the first of a change goes alone, the others follow it, and each tells what it does under its name', async () => {
  const begun: string[] = []
  const hosts = await Promise.all(['a', 'b', 'c'].map((name) => host(name, begun)))
  const told: string[] = []
  const applied = await applyHosts([hosts], pace, (name, _at, says) => told.push(`${name}: ${says}`), never)
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
  const hosts = [await host('a', begun, { outcome: 'rolled-back' }), await host('b', begun)]
  const other = [await host('c', begun)]
  expect(await applyHosts([hosts, other], pace, () => undefined, never)).toMatchObject([
    { name: 'a', is: 'applied', report: { outcome: 'rolled-back' } },
    { name: 'b', is: 'not-begun' },
    { name: 'c', is: 'not-begun' },
  ])
  expect(begun).toEqual(['a'])
})

test.each(['before', 'after'] as const)(
  'a line that breaks %s an apply began is made anew: it is begun once, and followed to its end',
  async (cut) => {
    const begun: string[] = []
    const told: string[] = []
    const tell = (_name: string, _at: string, says: string) => told.push(says)
    const [ended] = await applyHosts([[await host('a', begun, { cut })]], pace, tell, never)
    expect(ended).toMatchObject({ is: 'applied', report: { outcome: 'fixed' } })
    expect(begun).toEqual(['a'])
    expect(told.filter((says) => says === 'It has ended.')).toHaveLength(1)
    expect(told[0]).toContain('connecting again')
  },
)

test('a host that cannot be reached again goes on, and that is said', async () => {
  const gone = AbortSignal.timeout(400)
  const cut = await applyHosts([[await host('a', [], { cut: 'after', comesBack: false })]], pace, () => undefined, gone)
  expect(cut).toMatchObject([{ is: 'refused', problem: { code: 'ssh-broken' } }])
  expect(JSON.stringify(cut)).toContain('goes on without us')
})

test('a host that lets nothing begin is told with its reason', async () => {
  const begun: string[] = []
  const unknown = await host('a', begun)
  const other = { ...unknown, record: { ...unknown.record, digest: `sha256:${'0'.repeat(64)}` as const } }
  expect(await applyHosts([[other]], pace, () => undefined, never)).toMatchObject([
    { name: 'a', is: 'refused', problem: { code: 'unknown-plan' } },
  ])
  expect(begun).toEqual([])
})
