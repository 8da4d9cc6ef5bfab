/** Who speaks the protocol of agents, with whatever certificate there is to be had, or lies over a good one. */
import { generateKeyPairSync } from 'node:crypto'
import { AGENT_PATH, problem, problemOf, RENEW_PATH, type Problem, type ProblemCode } from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import { expect, test } from 'vitest'
import type { LineOpened } from '../../packages/agent/src/serve/controller-line.ts'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import { throwAwayAuthority } from '../../packages/agent/test/throw-away-authority.ts'
import { removeHost } from '../../packages/controller/src/store/hosts.ts'
import { manualTimers } from '../../packages/shared/test/manual-timers.ts'

import { until } from '../lab/until.ts'
import { agentsDoor, dayMs, endOf, refusalOf, type AgentsDoor } from './agents-door.ts'
import { attack } from './attack-table.ts'

const attacker = 'a malicious agent'

const t = initTRPC.create()

function saying(hello: unknown) {
  return { router: t.router({ hello: t.procedure.query(() => hello) }) }
}

const hello = (host: string) => ({
  host,
  agentVersion: '0.1.0',
  os: null,
  spoken: { newest: 1, oldest: 1 },
  catalogue: { diagnoses: [], remediations: [] },
})

async function dialled(door: AgentsDoor, change: Partial<Identity>, path = AGENT_PATH): Promise<ProblemCode | null> {
  const identity = await door.enrolled('web-1')
  return refusalOf(await door.dial({ ...identity, ...change }, path))
}

attack({ attacker, attempt: 'shows no certificate', refusedWith: 'no-certificate' }, async () => {
  await using door = await agentsDoor()
  return await refusalOf(await door.dial({ authority: door.authority.certificate }))
})

attack(
  { attacker, attempt: 'shows a certificate that it signed itself', refusedWith: 'foreign-certificate' },
  async () => {
    await using door = await agentsDoor()
    const forger = await throwAwayAuthority(door.authority.fleet)
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' })
    return await dialled(door, { key, certificate: await forger.client('web-1', publicKey) })
  },
)

attack({ attacker, attempt: 'shows a certificate of another fleet', refusedWith: 'foreign-certificate' }, async () => {
  await using door = await agentsDoor()
  await using other = await agentsDoor()
  const { key, certificate } = await other.enrolled('web-1')
  return await dialled(door, { key, certificate })
})

attack(
  { attacker, attempt: "shows the controller's own certificate", refusedWith: 'foreign-certificate' },
  async () => {
    await using door = await agentsDoor()
    const { chain, key } = await door.authority.issueServerCertificate(['web-1'], door.clock.nowMs())
    return await dialled(door, { key, certificate: chain })
  },
)

attack({ attacker, attempt: 'shows a certificate that ran out', refusedWith: 'certificate-expired' }, async () => {
  await using door = await agentsDoor()
  const identity = await door.enrolled('web-1')
  door.clock.pass(dayMs)
  return await refusalOf(await door.dial(identity))
})

attack(
  { attacker, attempt: 'renews a certificate that ran out long ago', refusedWith: 'certificate-too-old' },
  async () => {
    await using door = await agentsDoor()
    const identity = await door.enrolled('web-1')
    door.clock.pass(15 * dayMs + 1000)
    return await refusalOf(await door.dial(identity, RENEW_PATH))
  },
)

attack(
  { attacker, attempt: 'asks for more than renewal with a certificate that ran out', refusedWith: 'not-offered' },
  async () => {
    await using door = await agentsDoor()
    const identity = await door.enrolled('web-1')
    door.clock.pass(2 * dayMs)
    return await called(await door.dial(identity, RENEW_PATH), 'trusts')
  },
)

attack(
  { attacker, attempt: 'was removed, and comes back with its certificate', refusedWith: 'host-removed' },
  async () => {
    await using door = await agentsDoor()
    const identity = await door.enrolled('web-1')
    await removeHost(door.database, 'web-1')
    return await refusalOf(await door.dial(identity))
  },
)

attack({ attacker, attempt: 'was removed, and renews its certificate', refusedWith: 'host-removed' }, async () => {
  await using door = await agentsDoor()
  const identity = await door.enrolled('web-1')
  await removeHost(door.database, 'web-1')
  return await refusalOf(await door.dial(identity, RENEW_PATH))
})

attack(
  { attacker, attempt: 'stays on its line when it is removed, before it said who it is', refusedWith: 'host-removed' },
  async () => {
    await using door = await agentsDoor()
    const line = await door.dial(await door.enrolled('web-1'))
    await removeHost(door.database, 'web-1')
    // It has been let in, or is being let in at this moment: both ends of the race must be shut.
    door.sessions.cut('web-1', problem('host-removed', 'web-1 was taken out of this fleet.'), false)
    return (await endOf(line))?.code ?? null
  },
)

attack(
  { attacker, attempt: 'has the key of a host that was enrolled anew', refusedWith: 'host-replaced' },
  async () => {
    await using door = await agentsDoor()
    const identity = await door.enrolled('web-1')
    const again = await door.tryToEnrol(await door.invite({ host: 'web-1' }), 'web-1')
    expect(again.ok).toBe(true)
    return await refusalOf(await door.dial(identity))
  },
)

attack(
  { attacker, attempt: 'stays on its line when its host is enrolled anew', refusedWith: 'host-replaced' },
  async () => {
    await using door = await agentsDoor()
    const line = await door.dial(await door.enrolled('web-1'), AGENT_PATH, saying(hello('web-1')))
    await until(() => door.sessions.get('web-1') !== null, 'web-1 to be here')
    expect((await door.tryToEnrol(await door.invite({ host: 'web-1' }), 'web-1')).ok).toBe(true)
    return (await endOf(line))?.code ?? null
  },
)

attack({ attacker, attempt: 'calls itself another host than its certificate', refusedWith: 'wrong-host' }, async () => {
  await using door = await agentsDoor()
  await door.enrolled('web-2')
  const line = await door.dial(await door.enrolled('web-1'), AGENT_PATH, saying(hello('web-2')))
  const end = await endOf(line)
  expect(door.sessions.all()).toEqual([])
  return end?.code ?? null
})

attack({ attacker, attempt: 'says of itself what makes no sense', refusedWith: 'malformed-frame' }, async () => {
  await using door = await agentsDoor()
  const line = await door.dial(await door.enrolled('web-1'), AGENT_PATH, saying({ host: 'web-1', catalogue: 7 }))
  return (await endOf(line))?.code ?? null
})

attack({ attacker, attempt: 'connects and never says who it is', refusedWith: 'timed-out' }, async () => {
  const timers = manualTimers()
  await using door = await agentsDoor({}, timers)
  const line = await door.dial(await door.enrolled('web-1'))
  let end: Problem | null | undefined
  void endOf(line).then((told) => (end = told))
  // It is asked once it was looked up, and has fifteen seconds from then on.
  await until(async () => {
    await timers.pass(5000)
    return end !== undefined
  }, 'the end of the line')
  expect(door.sessions.all()).toEqual([])
  expect(await door.isOnRecord('timed-out')).toBe(true)
  return end?.code ?? null
})

attack({ attacker, attempt: 'renews its certificate again and again', refusedWith: 'too-many-attempts' }, async () => {
  await using door = await agentsDoor()
  const line = await door.dial(await door.enrolled('web-1'))
  const codes: (ProblemCode | null)[] = []
  for (let attempt = 0; attempt < 10; attempt++) codes.push(await called(line, 'renew', false))
  expect(codes.slice(0, 6)).toEqual(Array(6).fill(null))
  if (line.kind === 'open') line.peer.close()
  return codes.at(-1) ?? null
})

attack({ attacker, attempt: 'connects again and again', refusedWith: 'too-many-attempts' }, async () => {
  await using door = await agentsDoor()
  const identity = await door.enrolled('web-1')
  const codes: (ProblemCode | null)[] = []
  for (let attempt = 0; attempt < 35; attempt++) codes.push(await refusalOf(await door.dial(identity)))
  // Others do not pay for it.
  expect(await refusalOf(await door.dial(await door.enrolled('web-2')))).toBeNull()
  return codes.at(-1) ?? null
})

async function called(line: LineOpened, path: string, thenClose = true): Promise<ProblemCode | null> {
  if (line.kind !== 'open') throw new Error(JSON.stringify(line))
  const code = await line.peer.mutation(path).then(
    () => null,
    (error: unknown) => problemOf(error).code,
  )
  if (thenClose) line.peer.close()
  return code
}

attack({ attacker, attempt: 'calls what people may call', refusedWith: 'not-offered' }, async () => {
  await using door = await agentsDoor()
  return await called(await door.dial(await door.enrolled('web-1')), 'hosts.invite')
})

attack(
  { attacker, attempt: 'stays on its line after its certificate ran out', refusedWith: 'certificate-expired' },
  async () => {
    await using door = await agentsDoor()
    const line = await door.dial(await door.enrolled('web-1'), AGENT_PATH, saying(hello('web-1')))
    await until(() => door.sessions.get('web-1') !== null, 'web-1 to be here')
    door.clock.pass(dayMs)
    return (await endOf(line))?.code ?? null
  },
)

test('what was refused stands in the audit', async () => {
  await using door = await agentsDoor()
  const identity = await door.enrolled('web-1')
  await door.dial({ authority: identity.authority })
  await endOf(await door.dial(identity, AGENT_PATH, saying(hello('web-2'))))
  await removeHost(door.database, 'web-1')
  await door.dial(identity)
  for (const code of ['no-certificate', 'wrong-host', 'host-removed'] as const)
    expect(await door.isOnRecord(code)).toBe(true)
  expect(await door.isOnRecord('foreign-certificate', 500)).toBe(false)
})

test('what a malicious agent says of itself reaches the log on one line, and no terminal obeys it', async () => {
  await using door = await agentsDoor()
  const version = '\u001B[2J0.1.0\nweb-2 was removed'
  const said = { ...hello('web-1'), agentVersion: version }
  const line = await door.dial(await door.enrolled('web-1'), AGENT_PATH, saying(said))
  await until(() => door.log.some((each) => each.includes('connected')), 'web-1 to be here')
  if (line.kind === 'open') line.peer.close()
  const logged = door.log.find((each) => each.includes('connected')) ?? ''
  expect(logged).toContain('web-2 was removed')
  // oxlint-disable-next-line no-control-regex -- these are what must not be there
  expect(logged).not.toMatch(/[\u0000-\u001F\u007F]/)
})
