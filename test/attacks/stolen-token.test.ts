/** Who has a join token that is meant for somebody else, or none at all. */
import {
  decodeJoinToken,
  encodeJoinToken,
  ENROL_PATH,
  enrolmentChallenge,
  problemOf,
  type EnrolRequest,
  type ProblemCode,
} from '@fleetmend/shared'
import { generateKeyPairSync, sign } from 'node:crypto'
import { expect } from 'vitest'
import { getHostAudit } from '../../packages/controller/src/store/host-audits.ts'
import { listHosts } from '../../packages/controller/src/store/hosts.ts'
import { until } from '../lab/until.ts'
import { agentsDoor, hourMs, type AgentsDoor } from './agents-door.ts'
import { attack } from './attack-table.ts'

const attacker = 'a thief of join tokens'

async function enrol(door: AgentsDoor, token: string, host: string): Promise<ProblemCode | null> {
  const enrolled = await door.tryToEnrol(token, host)
  return enrolled.ok ? null : enrolled.problem.code
}

attack({ attacker, attempt: 'uses a token that its host has used', refusedWith: 'token-used' }, async () => {
  await using door = await agentsDoor()
  const token = await door.invite()
  expect(await enrol(door, token, 'web-1')).toBeNull()
  const code = await enrol(door, token, 'evil-1')
  expect((await listHosts(door.database)).map(({ id }) => id)).toEqual(['web-1'])
  return code
})

attack(
  {
    attacker,
    attempt: 'was faster, and the rightful host is told by whom its token was used',
    refusedWith: 'token-used',
  },
  async () => {
    await using door = await agentsDoor()
    const token = await door.invite()
    expect(await enrol(door, token, 'evil-1')).toBeNull()
    const told = await door.tryToEnrol(token, 'web-1')
    if (told.ok) return null
    expect(told.problem.detail).toMatch(/let in evil-1 at .* from .*127\.0\.0\.1.*fleetmend hosts remove evil-1/s)
    expect((await getHostAudit(door.database, 'evil-1'))?.alarm).toMatchObject({ code: 'token-used' })
    return told.problem.code
  },
)

attack({ attacker, attempt: 'uses a token that is too old', refusedWith: 'token-expired' }, async () => {
  await using door = await agentsDoor()
  const token = await door.invite()
  door.clock.pass(hourMs)
  return await enrolled(door, token, 'evil-1')
})

attack({ attacker, attempt: 'uses a token for another host', refusedWith: 'token-for-another-host' }, async () => {
  await using door = await agentsDoor()
  return await enrolled(door, await door.invite({ host: 'web-1' }), 'evil-1')
})

attack({ attacker, attempt: 'takes the name of a host that is there', refusedWith: 'name-taken' }, async () => {
  await using door = await agentsDoor()
  await door.enrolled('web-1')
  return await enrolled(door, await door.invite(), 'web-1')
})

attack({ attacker, attempt: 'invents a token', refusedWith: 'bad-token' }, async () => {
  await using door = await agentsDoor()
  return await enrolled(door, await inventedToken(door), 'evil-1')
})

attack({ attacker, attempt: 'shows a key that is not his', refusedWith: 'key-not-proven' }, async () => {
  await using door = await agentsDoor()
  return await asking(door, { ...requestOf(), publicKey: requestOf().publicKey })
})

attack({ attacker, attempt: 'tries one token after another', refusedWith: 'too-many-attempts' }, async () => {
  await using door = await agentsDoor()
  const { authority } = door
  const line = await door.dial({ authority: authority.certificate }, ENROL_PATH)
  if (line.kind !== 'open') throw new Error(JSON.stringify(line))
  const codes: ProblemCode[] = []
  for (let attempt = 0; attempt < 20; attempt++)
    codes.push(await line.peer.mutation('enrol', requestOf()).then(fail, (error: unknown) => problemOf(error).code))
  line.peer.close()
  expect(codes.slice(0, 10)).toEqual(Array(10).fill('bad-token'))
  expect(new Set(codes.slice(10))).toEqual(new Set(['too-many-attempts']))
  // Nor on another line; a host with a certificate is let in all the same, and after a while a token is tried again.
  expect(await door.dial({ authority: authority.certificate }, ENROL_PATH)).toMatchObject({
    kind: 'turned-away',
    problem: { code: 'too-many-attempts' },
  })
  door.clock.pass(hourMs)
  expect(await enrol(door, await door.invite(), 'web-1')).toBeNull()
  return codes.at(-1) ?? null
})

attack({ attacker: 'a stranger', attempt: 'takes every place of those who enrol', refusedWith: 'busy' }, async () => {
  await using door = await agentsDoor()
  const { authority } = door
  const lines = []
  for (let attempt = 0; attempt < 10; attempt++)
    lines.push(await door.dial({ authority: authority.certificate }, ENROL_PATH))
  const codes = lines.map((line) => (line.kind === 'turned-away' ? line.problem.code : line.kind))
  expect(codes).toEqual([...Array<string>(8).fill('open'), 'busy', 'busy'])
  for (const line of lines) if (line.kind === 'open') line.peer.close()
  // The places are free again when they are left.
  await Promise.all(lines.flatMap((line) => (line.kind === 'open' ? [line.peer.ended] : [])))
  await until(
    async () => (await door.dial({ authority: authority.certificate }, ENROL_PATH)).kind === 'open',
    'a place',
  )
  return lines.at(-1)?.kind === 'turned-away' ? 'busy' : null
})

/** As `enrol`, and nobody came in. */
async function enrolled(door: AgentsDoor, token: string, host: string): Promise<ProblemCode | null> {
  const before = await listHosts(door.database)
  const code = await enrol(door, token, host)
  expect(await listHosts(door.database)).toEqual(before)
  return code
}

/** In everything but its secret like one that was given out. */
async function inventedToken(door: AgentsDoor): Promise<string> {
  const token = decodeJoinToken(await door.invite())
  if (!token.ok) throw new Error(token.problem.detail)
  return encodeJoinToken({ ...token.value, secret: 'A'.repeat(43) })
}

function requestOf(): EnrolRequest {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const shown = { host: 'evil-1', secret: 'A'.repeat(43), publicKey: key }
  const signature = sign(null, enrolmentChallenge(shown), privateKey).toString('base64')
  return { ...shown, signature, os: null, agentVersion: null }
}

async function asking(door: AgentsDoor, request: EnrolRequest): Promise<ProblemCode | null> {
  const line = await door.dial({ authority: door.authority.certificate }, ENROL_PATH)
  if (line.kind !== 'open') throw new Error(JSON.stringify(line))
  const code = await line.peer.mutation('enrol', request).then(
    () => null,
    (error: unknown) => problemOf(error).code,
  )
  line.peer.close()
  return code
}

function fail(): never {
  throw new Error('It was let in.')
}
