/** Who sits between a host and its controller, and has a certificate, but not one of the fleet's authority. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { AGENT_PATH, decodeJoinToken, encodeJoinToken, type ProblemCode } from '@fleetmend/shared'
import { expect, onTestFinished } from 'vitest'
import { openLine } from '../../packages/agent/src/serve/controller-line.ts'
import { throwAwayAuthority } from '../../packages/agent/test/throw-away-authority.ts'
import { agentsDoor, refusalOf, type AgentsDoor } from './agents-door.ts'
import { attack } from './attack-table.ts'

const attacker = 'a man in the middle'

/** Takes what hosts say, if anything: he needs their secrets, not their calls. */
async function impostor(shown: { readonly cert: string; readonly key: string }) {
  const heard: Buffer[] = []
  const server = createServer({ ...shown, requestCert: true, rejectUnauthorized: false })
  server.on('secureConnection', (socket: TLSSocket) => {
    // Before the server reads it: every byte counts, not only what makes sense.
    socket.on('data', (bytes: Buffer) => heard.push(bytes))
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `wss://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

async function ownServerCertificate() {
  const authority = await throwAwayAuthority()
  const { chain, key } = await authority.server([{ type: 'ip', value: '127.0.0.1' }])
  return { authority, cert: chain, key }
}

async function enrolThrough(door: AgentsDoor, url: string): Promise<ProblemCode | null> {
  const token = decodeJoinToken(await door.invite())
  if (!token.ok) throw new Error(token.problem.detail)
  const enrolled = await door.tryToEnrol(encodeJoinToken({ ...token.value, url }), 'web-1')
  return enrolled.ok ? null : enrolled.problem.code
}

attack(
  { attacker, attempt: 'poses as the controller to a host that enrols', refusedWith: 'not-the-controller' },
  async () => {
    await using door = await agentsDoor()
    const { url, heard } = await impostor(await ownServerCertificate())
    const code = await enrolThrough(door, url)
    expect(heard).toEqual([])
    return code
  },
)

attack(
  {
    attacker,
    attempt: 'shows the true authority behind a certificate of his own to a host that enrols',
    refusedWith: 'not-the-controller',
  },
  async () => {
    await using door = await agentsDoor()
    const own = await ownServerCertificate()
    const { url, heard } = await impostor({ ...own, cert: `${own.cert}${door.authority.certificate}` })
    const code = await enrolThrough(door, url)
    expect(heard).toEqual([])
    return code
  },
)

attack(
  { attacker, attempt: 'poses as the controller to a host of the fleet', refusedWith: 'not-the-controller' },
  async () => {
    await using door = await agentsDoor()
    const { authority, key, certificate } = await door.enrolled('web-1')
    const { url, heard } = await impostor(await ownServerCertificate())
    const line = await openLine({ url: `${url}${AGENT_PATH}`, authority, client: { key, certificate } }, {})
    expect(heard).toEqual([])
    return await refusalOf(line)
  },
)

attack(
  {
    attacker,
    attempt: 'is a host of the fleet, and shows its certificate to another one',
    refusedWith: 'not-the-controller',
  },
  async () => {
    await using door = await agentsDoor()
    const evil = await door.enrolled('evil-1')
    const { authority, key, certificate } = await door.enrolled('web-1')
    const { url, heard } = await impostor({ cert: `${evil.certificate}\n${evil.authority}`, key: evil.key })
    const line = await openLine({ url: `${url}${AGENT_PATH}`, authority, client: { key, certificate } }, {})
    expect(heard).toEqual([])
    return await refusalOf(line)
  },
)
