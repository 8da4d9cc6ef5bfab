import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { armoredSignature, bytesToSign, sshString, verifySshSignature } from '@fleetmend/shared'
import { afterAll, describe, expect, test } from 'vitest'
import { hasSshKeygen, sshKeygen } from '../../../shared/test/ssh-keygen.ts'
import { agentWith } from '../../test/real-ssh-agent.ts'
import { agentKeys, signWithAgent } from './ssh-agent.ts'

const namespace = 'fleetmend-approval@v1'
const message = Buffer.from('what is to be done')

describe.skipIf(!hasSshKeygen)('a real ssh-agent', () => {
  const keygen = sshKeygen()
  afterAll(() => keygen[Symbol.dispose]())

  test.each([
    { type: 'ed25519', bits: undefined },
    { type: 'ecdsa', bits: 256 },
    { type: 'ecdsa', bits: 384 },
    { type: 'ecdsa', bits: 521 },
    { type: 'rsa', bits: 2048 },
  ])('signs with $type $bits what stock ssh-keygen and we accept', async ({ type, bits }) => {
    const key = keygen.key(type, bits)
    await using agent = await agentWith(key.path)
    const listed = await agentKeys(agent.socketPath)
    if (!listed.ok) throw new Error(listed.says)
    expect(listed.value.map(({ fingerprint }) => fingerprint)).toEqual([key.fingerprint])
    const [held] = listed.value
    const signed = await signWithAgent(agent.socketPath, held!, bytesToSign(message, namespace))
    if (!signed.ok) throw new Error(signed.says)
    const signature = armoredSignature(held!.blob, namespace, signed.value)
    expect(keygen.verify(`olivia ${key.publicKey}\n`, 'olivia', namespace, message, signature)).toBe(true)
    expect(verifySshSignature(signature, message, namespace)).toMatchObject({
      ok: true,
      signer: { fingerprint: key.fingerprint },
    })
  })

  test('that does not hold a key refuses to sign with it', async () => {
    const [one, other] = [keygen.key('ed25519'), keygen.key('ed25519')]
    await using agent = await agentWith(one.path)
    await using elsewhere = await agentWith(other.path)
    const listed = await agentKeys(elsewhere.socketPath)
    const key = listed.ok ? listed.value[0]! : null
    expect(await signWithAgent(agent.socketPath, key!, message)).toEqual({ ok: false, says: 'the agent refused' })
  })
})

describe('something else where an agent should be', () => {
  const answerOf = (...parts: readonly Buffer[]) => sshString(Buffer.concat(parts))
  const oneKey = Buffer.from([12, 0, 0, 0, 1])
  test.each<{ what: string; answers: (socket: Socket) => void; says: string }>([
    { what: 'hangs up', answers: (socket) => socket.end(), says: 'it hung up' },
    { what: 'refuses', answers: (socket) => socket.end(answerOf(Buffer.from([5]))), says: 'the agent refused' },
    {
      what: 'promises more than anybody says',
      answers: (socket) => socket.end(Buffer.alloc(4, 0xff)),
      says: 'its answer is too long',
    },
    {
      what: 'ends in the middle of a key',
      answers: (socket) => socket.end(answerOf(oneKey, Buffer.from([0, 0, 0, 9, 1]))),
      says: 'the agent answered nonsense: it ends too early',
    },
    {
      what: 'says more than it counted',
      answers: (socket) => socket.end(answerOf(Buffer.from([12, 0, 0, 0, 0, 7]))),
      says: 'the agent answered nonsense: something follows its end',
    },
  ])('that $what', async ({ answers, says }) => {
    const folder = await mkdtemp(join(tmpdir(), 'fleetmend-agent-'))
    const server = createServer(answers).listen(join(folder, 'socket'))
    await once(server, 'listening')
    expect(await agentKeys(join(folder, 'socket'))).toEqual({ ok: false, says })
    server.close()
    await rm(folder, { recursive: true })
  })

  test('keys of kinds that cannot approve are left out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fleetmend-agent-'))
    const certificate = sshString('ssh-ed25519-cert-v01@openssh.com')
    const keys = answerOf(oneKey, sshString(certificate), sshString('of the office'))
    const server = createServer((socket) => socket.end(keys)).listen(join(folder, 'socket'))
    await once(server, 'listening')
    expect(await agentKeys(join(folder, 'socket'))).toEqual({ ok: true, value: [] })
    server.close()
    await rm(folder, { recursive: true })
  })

  test('nobody is there', async () => {
    expect(await agentKeys('/nonexistent/agent.sock')).toMatchObject({
      ok: false,
      says: expect.stringContaining('ENOENT'),
    })
  })
})
