/** Who sends whatever comes to mind to the port for agents, as bytes and as frames. Afterwards an honest agent is served as before. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { AGENT_PATH, ENROL_PATH, type ProblemCode } from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import { openRawLine } from '../../packages/controller/test/raw-line.ts'
import { until } from '../lab/until.ts'
import { agentsDoor, hourMs, type AgentsDoor } from './agents-door.ts'
import { attack, manyAttemptsMs } from './attack-table.ts'
import { chunks, sayAll, sayInTls, sayOnce, throwAt } from './throw-bytes.ts'

const count = 10_000
/** Far below what ten thousand connections, or as many frames, would take if something of each were kept. */
const keptLimitBytes = 24 * 1024 * 1024

const t = initTRPC.create()
const honest = t.router({
  hello: t.procedure.query(() => ({
    host: 'web-1',
    agentVersion: '0.1.0',
    os: null,
    spoken: { newest: 1, oldest: 1 },
    catalogue: { diagnoses: [], remediations: [] },
  })),
})

/** What the port keeps after all of it, with an honest agent connected all the time. */
async function withHonestAgent(
  door: AgentsDoor,
  attempt: () => Promise<ProblemCode | null>,
): Promise<ProblemCode | null> {
  const line = await door.dial(await door.enrolled('web-1'), AGENT_PATH, { router: honest })
  await until(() => door.sessions.get('web-1') !== null, 'web-1 to be here')
  const before = heapBytes()
  const code = await attempt()
  expect(heapBytes() - before).toBeLessThan(keptLimitBytes)
  const session = door.sessions.get('web-1')
  expect(await session?.agent.hello.query()).toMatchObject({ host: 'web-1' })
  expect(door.sessions.all().map(({ host }) => host)).toEqual(['web-1'])
  // And another one is let in.
  expect(await door.tryToEnrol(await door.invite(), 'web-2')).toMatchObject({ ok: true })
  if (line.kind === 'open') line.peer.close()
  return code
}

attack(
  { attacker: 'a stranger', attempt: `sends ${count} arbitrary byte strings`, refusedWith: 'malformed-frame' },
  async () => {
    await using door = await agentsDoor()
    return await withHonestAgent(door, async () => {
      const strings = fc.sample(fc.uint8Array({ maxLength: 300 }), { numRuns: count, seed: 5 })
      const inside = strings.splice(0, 600)
      // Most to whoever answers on that port; some as an HTTP request inside of TLS, some as messages of a WebSocket.
      for (const some of chunks(strings, 100)) await Promise.all(some.map((bytes) => throwAt(door.port, bytes)))
      for (const some of chunks(inside.slice(0, 300), 30))
        await Promise.all(some.map((bytes) => sayInTls(door.port, door.authority.certificate, bytes)))
      const codes = new Set<string>()
      // As many at once as one network may have in there.
      for (const some of chunks(inside.slice(300), 8))
        for (const code of await Promise.all(some.map((bytes) => sayInWebSocket(door, bytes)))) codes.add(code)
      // An empty message and a text that is no JSON have one code; those that are no text do not get that far.
      expect([...codes].filter((code) => code !== 'closed')).toEqual(['malformed-frame'])
      return 'malformed-frame'
    })
  },
  manyAttemptsMs,
)

attack(
  {
    attacker: 'a malicious agent',
    attempt: `sends ${count} valid frames in arbitrary order`,
    refusedWith: 'malformed-frame',
  },
  async () => {
    await using door = await agentsDoor()
    return await withHonestAgent(door, async () => {
      const identity = await door.enrolled('evil-1')
      const frames = fc.sample(frame, { numRuns: count, seed: 7 })
      const codes = new Map<string, number>()
      while (frames.length > 0) {
        // Its lines are counted, too; here it takes its time.
        door.clock.pass(hourMs / 60)
        const code = await sayAsMember(door, identity, frames)
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }
      expect([...codes.keys()].toSorted()).toEqual(expect.arrayContaining(['malformed-frame']))
      return 'malformed-frame'
    })
  },
  manyAttemptsMs,
)

const id = fc.integer({ min: 1, max: 6 })
const path = fc.constantFrom('renew', 'trusts', 'enrol', 'hello', 'runs.list', 'a.b.c', '__proto__', '')
const input = fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.constant({ authorities: [] }))
const problemOfAPeer = { code: -32600, message: 'no', data: { code: 'BAD_REQUEST', httpStatus: 400 } }

/** Each is a frame that one side or the other may send at some moment. */
const frame = fc
  .oneof(
    {
      weight: 6,
      arbitrary: fc.record({ id, method: fc.constantFrom('query', 'mutation'), params: fc.record({ path, input }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ id, method: fc.constant('subscription'), params: fc.record({ path, input }) }),
    },
    { weight: 2, arbitrary: fc.record({ id, method: fc.constant('subscription.stop') }) },
    { weight: 3, arbitrary: fc.record({ id, result: fc.record({ type: fc.constant('data'), data: fc.jsonValue() }) }) },
    { weight: 1, arbitrary: fc.record({ id, result: fc.record({ type: fc.constantFrom('started', 'stopped') }) }) },
    { weight: 1, arbitrary: fc.record({ id, error: fc.constant(problemOfAPeer) }) },
    { weight: 1, arbitrary: fc.constantFrom('PING', 'PONG') },
  )
  .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))

async function sayInWebSocket({ port, authority }: AgentsDoor, bytes: Uint8Array): Promise<string> {
  const url = `wss://127.0.0.1:${port}${ENROL_PATH}`
  return sayOnce(await openRawLine({ url, authority: authority.certificate }), bytes)
}

async function sayAsMember({ port }: AgentsDoor, identity: Identity, frames: string[]): Promise<string> {
  const { authority } = identity
  const line = await openRawLine({ url: `wss://127.0.0.1:${port}${AGENT_PATH}`, authority, client: identity })
  return sayAll(line, frames)
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
