/** What a fleet goes through in its life, with calls going on all the while: certificates and their authority are renewed. */
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { keepAuthority } from '../../packages/controller/src/identity/keep-authority.ts'
import { authorityMaker, isAuthority } from '../../packages/controller/test/openssl-authority.ts'
import { until } from '../lab/until.ts'
import { agentsDoor, dayMs, hourMs, refusalOf, type AgentsDoor } from '../attacks/agents-door.ts'
import { approve, endOf, planRun, untilRun } from './begin-run.ts'
import { openWorld } from './world.ts'
import { diallingAgent, type DiallingAgent } from './dialling-agent.ts'

/** Calls that go on until they are counted, and one that waits for its answer all the time. */
function traffic({ sessions }: AgentsDoor, agent: DiallingAgent) {
  const host = agent.identity().host
  const session = sessions.get(host)
  const inFlight = session?.agent.history.query({ limit: 1 })
  const failures: unknown[] = []
  let answered = 0
  const over = new AbortController()
  const calling = (async () => {
    while (!over.signal.aborted) {
      await session?.agent.hello.query().then(
        () => answered++,
        (error: unknown) => failures.push(error),
      )
    }
  })()
  return {
    answered: () => answered,
    /** Another hundred were answered since. */
    goesOn: async () => {
      const before = answered
      await until(() => answered >= before + 100 || failures.length > 0, 'a hundred answers')
    },
    async failures() {
      over.abort()
      await calling
      agent.release()
      expect(await inFlight).toEqual([])
      return failures
    },
  }
}

test('a certificate is renewed under traffic: the line goes on beyond the end of the old one, and the next has the new one', async () => {
  await using door = await agentsDoor()
  const first = await door.enrolled('web-1')
  await using agent = diallingAgent(first, door.clock)
  await until(() => door.sessions.get('web-1') !== null, 'web-1 to be here')
  const calls = traffic(door, agent)
  await calls.goesOn()
  door.clock.pass(17 * hourMs)
  await until(() => agent.identity() !== first, 'the renewal')
  door.clock.pass(10 * hourMs)
  await calls.goesOn()
  expect(await calls.failures()).toEqual([])
  // That one line was enough.
  expect(agent.said.filter((line) => line.startsWith('connected'))).toHaveLength(1)
  expect(await refusalOf(await door.dial(first))).toBe('certificate-expired')
  expect(await refusalOf(await door.dial(agent.identity()))).toBeNull()
})

test('an agent outlives a controller that was away for days, and says what to do when it was too many', async () => {
  await using door = await agentsDoor()
  const [first, second] = [await door.enrolled('web-1'), await door.enrolled('web-2')]
  door.clock.pass(5 * dayMs)
  await using agent = diallingAgent(first, door.clock)
  await until(() => door.sessions.get('web-1') !== null, 'web-1 to be here')
  expect(agent.said).toEqual([
    expect.stringMatching(/^the certificate was renewed/),
    expect.stringMatching(/^connected/),
  ])
  door.clock.pass(11 * dayMs)
  await using other = diallingAgent(second, door.clock)
  await until(() => other.said.length > 0, 'what it says')
  expect(other.said).toEqual([
    expect.stringMatching(
      /\(certificate-too-old\): The certificate was good until .*, which is more than 14 days ago\. .*`fleetmend hosts invite --host web-2` .*`fleetmend-agent enrol --again --host web-2 -`/,
    ),
  ])
  // The token that it is told to fetch is one that lets it in again.
  expect(await door.tryToEnrol(await door.invite({ host: 'web-2' }), 'web-2')).toMatchObject({ ok: true })
})

test('the authority is replaced under traffic: hosts that are here notice nothing, and those that were away are named', async () => {
  await using door = await agentsDoor()
  const { authority, database, clock } = door
  const keeper = keepAuthority({ database, authority, clock, log: () => undefined })
  await using one = diallingAgent(await door.enrolled('web-1'))
  await using two = diallingAgent(await door.enrolled('web-2'))
  const away = await door.enrolled('web-3')
  await until(() => door.sessions.all().length === 2, 'both hosts to be here')
  const calls = traffic(door, one)

  const begun = await keeper.renew('ana')
  expect(begun).toMatchObject({ ok: true, value: { notYet: ['web-1', 'web-2', 'web-3'] } })
  await calls.goesOn()
  one.clock.pass(17 * hourMs)
  two.clock.pass(17 * hourMs)
  await until(async () => (await keeper.show()).notYet.length === 1, 'both to trust the next one')
  expect(await keeper.finish('ana', false)).toMatchObject({
    ok: false,
    problem: {
      code: 'hosts-behind',
      detail: expect.stringMatching(/^web-3 would no longer trust this controller.*--leave-behind/s),
    },
  })

  const { next } = await keeper.show()
  expect(await keeper.finish('ana', true)).toMatchObject({
    ok: true,
    value: { now: { fingerprint: next?.fingerprint } },
  })
  await calls.goesOn()
  // The other one comes back: the controller shows the new authority, and it is trusted.
  door.sessions.get('web-2')?.close()
  await until(() => door.sessions.get('web-2') === null, 'web-2 to be gone')
  await until(() => {
    two.clock.pass(hourMs / 60)
    return door.sessions.get('web-2') !== null
  }, 'web-2 to be back')
  expect(await calls.failures()).toEqual([])
  expect(one.said.filter((line) => line.startsWith('connected'))).toHaveLength(1)
  expect(await refusalOf(await door.dial(away))).toBe('not-the-controller')
  // A host that enrols from here on knows the new one alone.
  const late = await door.enrolled('web-4')
  expect(fingerprintOf(late.authority)).toBe(next?.fingerprint)
  await keeper.close()
})

test('a host learns of the next authority when its next renewal is the first that it hears of it, and trusts it only then', async () => {
  await using door = await agentsDoor()
  await using agent = diallingAgent(await door.enrolled('web-1'))
  await until(() => door.sessions.get('web-1') !== null, 'web-1 to be here')
  const before = agent.identity().authority
  await door.authority.renew(door.clock.nowMs())
  expect(agent.identity().authority).toBe(before)
  agent.clock.pass(17 * hourMs)
  await until(() => agent.identity().authority !== before, 'the renewal')
  expect(agent.identity().authority.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
})

function fingerprintOf(pem: string): string {
  return `sha256:${createHash('sha256').update(new X509Certificate(pem).raw).digest('hex')}`
}

describe('a host that is removed in the middle of a run', () => {
  test.each([
    { which: 'waits for its turn', working: 0, state: 'unreachable', says: 'is not connected', begun: [1, 0, 1] },
    { which: 'is at work', working: 1, state: 'unknown', says: 'taken out of this fleet', begun: [1, 1, 1] },
  ])(
    'and $which is asked nothing more, and ends as $state; the others are healed',
    async ({ working, state, says, begun }) => {
      await using world = await openWorld()
      const hosts = [await world.add('web-1'), await world.add('web-2'), await world.add('web-3')]
      for (const host of hosts) host.killFpm()
      const api = world.api()
      const limits = { stopAtFailures: 3, groupsAtOnce: 1, approvalsNeeded: 1 }
      const run = await planRun(api, { limits })
      await approve(api, run, world.keys.olivia)
      hosts[working]?.hold()
      await api.runs.begin.mutate({ run: run.id, by: 'ana' })
      await untilRun(api, run.id, (now) => now.hosts[working]?.state === 'applying')
      await until(() => hosts[working]?.begun() === 1, 'the apply to begin')
      await api.hosts.remove.mutate({ host: 'web-2', by: 'ana' })
      if (state === 'unreachable') hosts[0]?.release()
      const ended = await endOf(api, run.id)
      expect(ended.hosts.map((host) => host.state)).toEqual(['fixed', state, 'fixed'])
      expect(ended.hosts[1]?.says).toContain(says)
      expect(hosts.map((host) => host.begun())).toEqual(begun)
      // What it had begun it finishes: nobody asks it, and nobody stops it.
      hosts[1]?.release()
      await until(() => hosts[1]?.status() === (state === 'unknown' ? 200 : 502), 'what it had begun')
    },
  )
})

test("the controller's own certificate is renewed a month before it ends, without a restart", async () => {
  await using door = await agentsDoor()
  const before = await shownBy(door)
  door.clock.pass(59 * dayMs)
  await sleep(50)
  expect((await shownBy(door)).raw).toEqual(before.raw)
  door.clock.pass(2 * dayMs)
  await until(async () => !(await shownBy(door)).raw.equals(before.raw), 'another certificate')
})

/** Whatever it shows; whether it is good is a question of the clock, which runs ahead here. */
async function shownBy({ port }: AgentsDoor): Promise<X509Certificate> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const shown = socket.getPeerX509Certificate()
  socket.destroy()
  if (!shown) throw new Error('It shows no certificate.')
  return shown
}

test('a fleet lives under an authority of a company, and moves to another one of its files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-company-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const made = authorityMaker(folder)
  const company = made.root('company')
  const now = made.below(company, 'fleet', isAuthority)
  const next = made.below(company, 'fleet-2', isAuthority)
  await using door = await agentsDoor({ now, next })
  const identity = await door.enrolled('web-1')
  expect(identity.authority.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  await using agent = diallingAgent(identity)
  await until(() => door.sessions.get('web-1') !== null, 'web-1 to be here')
  agent.clock.pass(17 * hourMs)
  await until(() => agent.identity() !== identity, 'the renewal')
  // Started with the new files alone: it takes what was issued under both.
  await using later = await agentsDoor({ now: next })
  expect(later.authority.issuerOf(new X509Certificate(agent.identity().certificate))).not.toBeNull()
})
