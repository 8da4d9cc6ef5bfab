/** Around hosts that a controller goes to over SSH: whoever is in between, whoever has its key, and hosts that lie. */
import { join } from 'node:path'
import {
  AGENT_PATH,
  clientOver,
  decodeJoinToken,
  Peer,
  problemOf,
  streamChannel,
  type ProblemDocument,
} from '@fleetmend/shared'
import { expect } from 'vitest'
import type { AgentRouter } from '../../packages/agent/src/router.ts'
import { openLine } from '../../packages/agent/src/serve/controller-line.ts'
import { enrolHost } from '../../packages/agent/src/serve/enrol-host.ts'
import { sshTarget } from '../../packages/controller/src/fleet/ssh-places.ts'
import { ssh2Driver } from '../../packages/ssh/src/index.ts'
import { until } from '../lab/until.ts'
import { reachable, type Reached } from '../scenarios/reached-host.ts'
import { fleetmend } from '../scenarios/terminal.ts'
import { attack } from './attack-table.ts'

async function codeOf(ran: ReturnType<Reached['add']>) {
  const { out } = await ran
  return (JSON.parse(out) as Partial<ProblemDocument>).problem?.code ?? null
}

attack(
  { attacker: 'a man in the middle', attempt: 'shows an SSH key of his own', refusedWith: 'ssh-host-changed' },
  async () => {
    await using at = await reachable()
    await at.add('--accept-new')
    await at.sshd.down()
    const logins = at.sshd.logins()
    await at.sshd.up({ otherKey: true })
    await until(async () => (await at.listed())?.alarm !== null, 'an alarm')
    expect(at.sshd.logins()).toBe(logins)
    return (await at.listed())?.alarm?.code === 'ssh-host-changed' ? 'ssh-host-changed' : null
  },
)

attack(
  { attacker: 'a man in the middle', attempt: 'is there when a host is added', refusedWith: 'ssh-host-unknown' },
  async () => {
    await using at = await reachable()
    const compared = at.sshd.fingerprint
    await at.sshd.down()
    await at.sshd.up({ otherKey: true })
    const code = await codeOf(at.add('--host-key', compared, '--json'))
    expect(at.sshd.logins()).toBe(0)
    return code
  },
)

attack(
  { attacker: 'a malicious host', attempt: 'is added under the name of another', refusedWith: 'wrong-host' },
  async () => {
    await using at = await reachable('web-8')
    const words = ['hosts', 'add', 'web-7', '--ssh', `127.0.0.1:${at.sshd.port}`, '--accept-new', '--json']
    return await codeOf(fleetmend(at.world, words))
  },
)

attack(
  {
    attacker: 'a malicious host',
    attempt: 'dials in under the name of one that is gone to',
    refusedWith: 'host-over-ssh',
  },
  async () => {
    await using at = await reachable()
    const invited = await at.world.api().hosts.invite.mutate({ by: 'test', labels: {}, host: null, lifeMs: 60_000 })
    const token = decodeJoinToken(invited.token)
    if (!token.ok) throw new Error(token.problem.detail)
    const enrolled = await enrolHost(token.value, { host: 'web-7', os: null, agentVersion: '0.1.0' })
    if (!enrolled.ok) throw new Error(enrolled.problem.detail)
    await fleetmend(at.world, ['hosts', 'remove', 'web-7'])
    await at.add('--accept-new')
    const { authority, key, certificate } = enrolled.identity
    const url = new URL(AGENT_PATH, at.world.agentsUrl()).href
    const line = await openLine({ url, authority, client: { key, certificate } }, {})
    expect(await at.listed()).toMatchObject({ connected: true })
    return line.kind === 'turned-away' ? line.problem.code : null
  },
)

attack(
  {
    attacker: "a thief of the controller's SSH key",
    attempt: 'begins what nobody signed, as root',
    refusedWith: 'not-approved',
  },
  async () => {
    await using at = await reachable()
    await at.add('--accept-new')
    const { ssh } = (await at.listed()) ?? {}
    if (!ssh) throw new Error('It has no way.')
    const data = join(at.world.folder, 'data')
    const files = { keyFile: join(data, 'ssh-key'), knownHostsFile: join(data, 'ssh-known-hosts') }
    const never = new AbortController().signal
    const connected = await ssh2Driver({ askPassphrase: null }).connect(sshTarget('web-7', ssh, files), never)
    if (!connected.ok) throw new Error(connected.problem.detail)
    await using connection = connected.value
    const started = await connection.start('id; cat /etc/shadow')
    if (!started.ok) throw new Error(started.problem.detail)
    const peer = new Peer(streamChannel(started.value.stdio, { preamble: 'expect' }))
    const agent = clientOver<AgentRouter>(peer)
    const authority = { kind: 'session-root', format: 'fleetmend.session-root/1' } as const
    const plan = `sha256:${'0'.repeat(64)}` as const
    const refused = await agent.remediate.begin.mutate({ plan, authority }).then(() => null, problemOf)
    expect(at.host.begun()).toBe(0)
    peer.close()
    return refused?.code ?? null
  },
)
