import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair, PassThrough } from 'node:stream'
import {
  clientOver,
  defaultLimits,
  HostEntry,
  Peer,
  problem,
  sessionRoot,
  streamChannel,
  type Digest,
} from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { served, told, write } from '../../test/served-host.ts'
import { readRecords } from '../audit/read-chain.ts'
import type { StartApply } from '../execute/begin-apply.ts'
import { hostOf } from '../execute/simulated-host.ts'
import { simulatedWorld } from '../execute/simulated-world.ts'
import { freezePath, policyPath } from '../judgement/brakes.ts'
import type { AgentRouter } from '../router.ts'
import { savePlan } from '../state/plan-store.ts'
import { sampleMadeAtMs, samplePlan } from '../state/sample-plan.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { statePaths } from '../state/state-paths.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { answerOnSocket } from './answer-calls.ts'
import { answerRoot } from './root-session.ts'

const root = 'olivia, root through sudo, over SSH from 192.0.2.7 (not proved: as sudo and sshd say)'

/** A session over a pair of byte streams, as between two processes. */
async function session(start: StartApply = async () => ({ ok: true }), noise = '') {
  const folder = await temporaryState()
  const { state } = folder
  const world = simulatedWorld(sampleMadeAtMs + 1000)
  const { record, sealed } = samplePlan(state.key, {})
  await savePlan(state, record, sealed)
  const [near, far] = duplexPair()
  if (noise !== '') far.write(noise)
  const opened: string[] = []
  const answered = answerRoot(
    {
      host: hostOf(world),
      start,
      root,
      paths: statePaths(state.root),
      open: async () => {
        opened.push('state')
        return { ok: true, value: state }
      },
      say: () => undefined,
    },
    far,
  )
  const peer = new Peer(streamChannel(near, { preamble: 'expect' }))
  const client = clientOver<AgentRouter>(peer)
  return {
    ...{ client, peer, near, world, state, opened, answered, plan: record.digest },
    async [Symbol.asyncDispose]() {
      peer.close()
      await answered
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function entries(state: StateFolder): Promise<readonly HostEntry[]> {
  return (await readRecords(state, 1, 1000)).map(({ entry }) => HostEntry.parse(entry))
}

describe('root on the host', () => {
  test('needs nobody, and the record says who it was', async () => {
    const started: string[] = []
    await using at = await session(async (id) => {
      started.push(id)
      return { ok: true }
    })
    expect(await told(at.client, at.plan, sessionRoot)).toEqual({ apply: started[0] })
    expect(await at.client.remediate.report.query({ plan: at.plan })).toMatchObject({
      authority: { kind: 'local-root', by: [root] },
    })
    expect(await entries(at.state)).toContainEqual(
      expect.objectContaining({ type: 'apply-admitted', authority: { kind: 'local-root', by: [root] }, signed: null }),
    )
  })

  test.each([
    { what: 'a freeze', path: freezePath, text: 'Stocktaking', code: 'braked' },
    { what: 'the list of what is allowed', path: policyPath, text: 'remediations: [reload-fpm]', code: 'not-allowed' },
  ])('is bound by $what, as at the keyboard, and the refusal is on record', async ({ path, text, code }) => {
    await using at = await session()
    write(at.world, path, text)
    expect(await told(at.client, at.plan, sessionRoot)).toMatchObject({ problem: { code } })
    expect(await entries(at.state)).toContainEqual(
      expect.objectContaining({ type: 'apply-refused', plan: at.plan, code, askedBy: root }),
    )
  })
})

describe('whoever comes over a socket, or what is handed on to one, is root nowhere', () => {
  test('for the service', async () => {
    await using at = await served()
    expect(await told(at.client, at.plan, sessionRoot)).toMatchObject({ problem: { code: 'not-approved' } })
    expect(at.started).toEqual([])
    expect(await readdir(at.state.applies)).toEqual([])
    expect(await entries(at.state)).toContainEqual(
      expect.objectContaining({ type: 'apply-refused', plan: at.plan, code: 'not-approved', askedBy: 'over the line' }),
    )
  })

  test('for the process that answers, also where its caller is root and says who that is', async () => {
    await using folder = await temporaryState()
    const sockets = await mkdtemp(join(tmpdir(), 'fleetmend-agent-'))
    const path = join(sockets, 'agent.sock')
    const { record, sealed } = samplePlan(folder.state.key, {})
    await savePlan(folder.state, record, sealed)
    const started: string[] = []
    const start: StartApply = async (id) => {
      started.push(id)
      return { ok: true }
    }
    const given = { host: hostOf(simulatedWorld(sampleMadeAtMs + 1000)), state: folder.state, start, root }
    const input = new PassThrough()
    const listening = Promise.withResolvers<void>()
    const answering = answerOnSocket({ ...given, say: () => undefined }, path, input, listening.resolve)
    await listening.promise
    const peer = new Peer(streamChannel(connect(path)))
    const client = clientOver<AgentRouter>(peer)
    expect(await told(client, record.digest, sessionRoot)).toMatchObject({ problem: { code: 'not-approved' } })
    expect(started).toEqual([])
    peer.close()
    input.end()
    await answering
    await rm(sockets, { recursive: true })
  })

  test('and names nobody: what it says of itself is not of the form', async () => {
    await using at = await session()
    const named = { ...sessionRoot, person: 'olivia' }
    expect(await told(at.client, at.plan, named)).toMatchObject({ problem: { code: 'bad-input' } })
  })
})

describe('a session', () => {
  test('opens no folder for what only looks', async () => {
    await using at = await session()
    await at.client.explain.query({ diagnosis: 'fpm-stopped' })
    await at.client.diagnose.query({})
    expect(at.opened).toEqual([])
    await at.client.history.query({ limit: 1 })
    await at.client.history.query({ limit: 1 })
    expect(at.opened).toEqual(['state'])
  })

  test('is heard past what a login shell says first', async () => {
    await using at = await session(undefined, `Last login: never\r\n\u0000\u0000FLEET\u0000{"id":1}\n`)
    expect(await at.client.explain.query({ diagnosis: 'fpm-stopped' })).toContain('fpm-stopped')
  })

  test('ends with its caller, who may leave in the middle of a call', async () => {
    await using at = await session()
    const watching = at.client.diagnose.query({}).catch((error: unknown) => error)
    at.near.end(Buffer.from([0, 0, 1, 0, 1, 2, 3]))
    await at.answered
    expect(await watching).toBeInstanceOf(Error)
  })

  test('hears of a caller who no longer wants to know, and goes on with the others', async () => {
    await using at = await session()
    const begun = await told(at.client, at.plan, sessionRoot)
    if (!('apply' in begun)) throw new Error(begun.problem.detail)
    // One that was not told of the end of the one before would soon refuse the next.
    for (let watched = 0; watched <= defaultLimits.subscriptions; watched++) {
      const enough = new AbortController()
      await new Promise((onData, onError) => {
        const options = { signal: enough.signal, onData, onError }
        at.client.remediate.watch.subscribe({ apply: begun.apply }, options)
      })
      enough.abort()
    }
    expect(await at.client.history.query({ limit: 1 })).toHaveLength(1)
  })

  test('does not end before an apply that it was told to begin is in the hands of its unit', async () => {
    const unit = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    await using at = await session(async () => {
      asked.resolve()
      await unit.promise
      return { ok: true }
    })
    void told(at.client, at.plan, sessionRoot)
    await asked.promise
    at.peer.close()
    let hasEnded = false
    void at.answered.then(() => (hasEnded = true))
    await at.client.history.query({ limit: 1 }).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(hasEnded).toBe(false)
    unit.resolve()
    await at.answered
  })

  test('tells why its folder cannot be used, to whoever needs it', async () => {
    const [near, far] = duplexPair()
    const why = problem('apply-not-possible', 'Others may write to it.')
    const host = hostOf(simulatedWorld(sampleMadeAtMs))
    const answered = answerRoot(
      {
        ...{ host, root, start: async () => ({ ok: true }) as const, paths: statePaths('/nowhere') },
        open: async () => ({ ok: false, problem: why }),
        say: () => undefined,
      },
      far,
    )
    const peer = new Peer(streamChannel(near, { preamble: 'expect' }))
    const client = clientOver<AgentRouter>(peer)
    const plan: Digest = `sha256:${'0'.repeat(64)}`
    expect(await told(client, plan, sessionRoot)).toMatchObject({ problem: why })
    peer.close()
    await answered
  })
})
