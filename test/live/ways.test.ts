/**
 * One suite for every way to an agent: the line that it dials itself, an account over SSH that is bound to its socket, root
 * over SSH with an agent for one session; both drivers. No case knows on which way it runs.
 */
import { callFailureOf, digestOf, outcomeIsUnknown, problemOf, type PeerLimits } from '@fleetmend/shared'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { agentRouter } from '../../packages/agent/src/router.ts'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { until } from '../lab/until.ts'
import { bootAgentHost, type AgentHost } from './ways/agent-host.ts'
import { mostMemoryMiB, watchersOf, withLongApplies } from './ways/agent-processes.ts'
import { askOver, begun, follow, plannedReload, type NumberedNews } from './ways/asked-agent.ts'
import { dialledOut } from './ways/dialled-out.ts'
import { everyProcedure, type Asking, type Told } from './ways/every-procedure.ts'
import { overSsh, programOf, sshDrivers } from './ways/over-ssh.ts'
import type { Way } from './ways/way.ts'

interface WayMade {
  readonly name: string
  readonly make: (at: AgentHost) => Promise<Way>
}

const sshWays: readonly WayMade[] = sshDrivers.flatMap(({ name, driver }) => [
  {
    name: `the socket of the agent over ${name}`,
    make: ({ doors }: AgentHost) => overSsh(driver, doors.bound, programOf.bound),
  },
  {
    name: `a session of root over ${name}`,
    make: ({ doors }: AgentHost) => overSsh(driver, doors.root, programOf.root),
  },
])

const ways: readonly WayMade[] = [
  { name: 'the line that the agent dials', make: ({ host, lab }) => dialledOut(host, lab.address) },
  ...sshWays,
]

/** A line that is dead is one after two of these. */
const soon: Partial<PeerLimits> = { pingMs: 700, pongMs: 700 }
/** What is asked by a reader that stands still: 48 MiB, of which an agent may hold the few that it is at work on. */
const unreadAnswers = 192
const answerCharacters = 256 * 1024
const mostHeldMiB = 24
const frameLimit = 4 * 1024 * 1024

describe.skipIf(await hostsAreImpossible())('a host with Debian 12', () => {
  let at: AgentHost
  beforeAll(async () => {
    at = await bootAgentHost('debian12')
  })
  afterAll(() => at?.[Symbol.asyncDispose]())

  test('has a case here for each procedure of its agent', () => {
    expect(Object.keys(everyProcedure).toSorted()).toEqual(Object.keys(agentRouter._def.procedures).toSorted())
  })

  describe.each(ways)('over $name', ({ name, make }) => {
    let way: Way
    beforeAll(async () => {
      way = await make(at)
    })
    afterAll(() => way?.[Symbol.asyncDispose]())
    afterEach(() => way.between.heal())

    test('answers every procedure, and a reload is watched to its end', async () => {
      await using agent = await askOver(way)
      const told: Told = {}
      for (const [name, asking] of Object.entries(everyProcedure)) await named(name, asking({ ...at, agent }, told))
    })

    test('answers fifty calls at once, each with its own answer', async () => {
      await using agent = await askOver(way)
      const { diagnoses } = (await agent.client.hello.query()).catalogue
      const asked = Array.from({ length: 50 }, (_, n) => diagnoses[n % diagnoses.length])
      const pages = await Promise.all(asked.map((each) => agent.client.explain.query({ diagnosis: each?.id ?? '' })))
      for (const [n, page] of pages.entries()) expect(page).toContain(asked[n]?.title)
    })

    test('makes no more answers than are read and loses none; what is given up meanwhile is not done', async () => {
      await using agent = await askOver(way, { callMs: 120_000 })
      await using long = await withLongApplies(at.host, 1, answerCharacters)
      const [plan = digestOf('')] = long.plans
      let answered = 0
      const report = async () => {
        const told = await agent.client.remediate.report.query({ plan })
        answered++
        return told?.timeline[0]?.says.length
      }
      const reports = (count: number) => Promise.all(Array.from({ length: count }, report))
      // What it takes to answer that many who read is there from here on.
      const before = await mostMemoryMiB(at.host, reports(unreadAnswers))
      way.between.hold()
      answered = 0
      const asked = reports(unreadAnswers)
      const most = await mostMemoryMiB(at.host)
      const answeredWhileHeld = answered
      // It waits there behind all of these: who gives it up now has to be heard, or it is done in the end.
      const leave = new AbortController()
      const givenUp = { sequence: 1, hash: digestOf(`given up over ${name}`) }
      const witnessing = agent.client.audit.witness.mutate(givenUp, { signal: leave.signal }).catch(problemOf)
      leave.abort()
      await witnessing
      way.between.heal()
      expect(new Set(await asked)).toEqual(new Set([answerCharacters]))
      expect(answeredWhileHeld).toBeLessThan(unreadAnswers / 2)
      expect(most - before).toBeLessThan(mostHeldMiB)
      const { head } = (await agent.client.audit.head.query()) ?? {}
      const records = await agent.client.audit.records.query({
        from: Math.max(1, (head?.sequence ?? 0) - 100),
        limit: 200,
      })
      expect(records.map(({ entry }) => entry)).not.toContainEqual({ type: 'controller-head', ...givenUp })
      await agent.client.audit.witness.mutate(givenUp)
      const after = await agent.client.audit.records.query({ from: (head?.sequence ?? 0) + 1, limit: 200 })
      expect(after.map(({ entry }) => entry)).toContainEqual({ type: 'controller-head', ...givenUp })
    })

    test('a frame above the limit is refused where it would be sent, and only its call fails', async () => {
      await using agent = await askOver(way)
      await using _ = await withLongApplies(at.host, 5, 1024 * 1024)
      const [there, here, other] = await Promise.allSettled([
        agent.client.history.query({ limit: 200 }),
        agent.client.explain.query({ diagnosis: 'x'.repeat(frameLimit) }),
        agent.client.explain.query({ diagnosis: 'fpm-stopped' }),
      ])
      for (const each of [there, here])
        expect(each.status === 'rejected' && problemOf(each.reason)).toMatchObject({ code: 'too-big' })
      expect(other.status).toBe('fulfilled')
      expect(agent.peer.open).toBe(true)
    })

    test('a frame above the limit that is sent all the same ends its line, and nothing else', async () => {
      const line = await way.open()
      const ended = Promise.withResolvers<void>()
      line.channel.listen({ message: () => {}, garbled: () => {}, close: () => ended.resolve() })
      line.channel.send('x'.repeat(frameLimit + 1))
      await ended.promise
      await line.leave()
      await using again = await askOver(way)
      expect((await again.client.hello.query()).host).toBe(at.host.name)
    })

    test('an apply goes on without its line, and is followed over the next one: nothing lost, nothing twice', async () => {
      const seen: NumberedNews[] = []
      let apply = ''
      {
        await using agent = await askOver(way)
        apply = await begun(agent, await plannedReload(agent, at.service, 4_000), at.approver)
        await agent.client.history.query({ limit: 1 })
        const unwatched = await watchersOf(at.host)
        // Who leaves a watch, leaves it there as well.
        await follow(agent, apply, seen, async () => (await watchersOf(at.host)) > unwatched)
        expect(seen.at(-1)?.data.news).toBe('entry')
        await until(async () => (await watchersOf(at.host)) === unwatched, 'the watch to end on the host')
        const cut = follow(agent, apply, seen).catch((error: unknown) => callFailureOf(error)?.reason)
        await until(async () => (await watchersOf(at.host)) > unwatched, 'the second watch to begin')
        way.between.reset()
        expect(await cut).toBe('connection-lost')
      }
      expect(seen.some(({ data }) => data.news === 'closed')).toBe(false)
      await using agent = await askOver(way)
      await follow(agent, apply, seen)
      const whole: NumberedNews[] = []
      await follow(agent, apply, whole)
      expect(seen).toEqual(whole)
      expect(seen.at(-1)?.data).toMatchObject({ news: 'closed', report: { apply, outcome: 'fixed' } })
      expect(await agent.client.history.query({ limit: 1 })).toMatchObject([{ apply, outcome: 'fixed' }])
    })

    test('over a line that is slow and late answers all the same', async () => {
      await using agent = await askOver(way, soon)
      way.between.slow({ latencyMs: 60, bytesPerSecond: 64 * 1024 })
      expect((await agent.client.hello.query()).host).toBe(at.host.name)
    })

    test('a line that is reset in the middle of an answer leaves its call unknown', async () => {
      await using agent = await askOver(way)
      await agent.client.hello.query()
      way.between.resetAfter(2000)
      const failed: unknown = await agent.client.hello.query().catch((error: unknown) => error)
      expect(outcomeIsUnknown(failed)).toBe(true)
      expect(await agent.peer.ended).toMatchObject({ by: 'network' })
    })

    test.each([
      { what: 'nothing arrives', directions: ['to-agent', 'from-agent'] },
      { what: 'no answer arrives', directions: ['from-agent'] },
    ] as const)('a line on which $what is given up soon, and its calls are unknown', async ({ directions }) => {
      await using agent = await askOver(way, soon)
      await agent.client.hello.query()
      way.between.lose(...directions)
      const failed: unknown = await agent.client.hello.query().catch((error: unknown) => error)
      expect(callFailureOf(failed)).toMatchObject({ reason: 'connection-lost', sent: true })
      expect(await agent.peer.ended).toMatchObject({ by: 'network', problem: { code: 'unreachable' } })
      way.between.reset()
    })
  })
})

describe.skipIf(await hostsAreImpossible()).each(['debian11', 'debian13'] as const)('a host with %s', (release) => {
  let at: AgentHost
  beforeAll(async () => {
    at = await bootAgentHost(release)
  })
  afterAll(() => at?.[Symbol.asyncDispose]())

  test.each(sshWays)('over $name is looked at and repaired', async ({ make }) => {
    await using way = await make(at)
    await using agent = await askOver(way)
    expect((await agent.client.hello.query()).host).toBe(at.host.name)
    expect(await agent.client.diagnose.query({})).toMatchObject({ host: at.host.name, couldNotTell: [] })
    const seen: NumberedNews[] = []
    await follow(agent, await begun(agent, await plannedReload(agent, at.service, 0), at.approver), seen)
    expect(seen.at(-1)?.data).toMatchObject({ news: 'closed', report: { outcome: 'fixed' } })
  })
})

/** Says which of many it was. */
async function named(name: string, asking: ReturnType<Asking>): Promise<void> {
  await asking.catch((error: unknown) => {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  })
}
