import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { SshTarget } from '../ssh-target.ts'
import { hostWithKey, never, peer, problemOf, valueOf } from './loopback-host.ts'
import { droppedAddress, keyIn } from './loopback-sshd.ts'
import { ssh2Driver } from './ssh2-driver.ts'

test('another key than the known one is refused with the place where that stands', async () => {
  const { target, folder } = await hostWithKey()
  writeFileSync(target.knownHostsFiles[0]!, `[127.0.0.1]:${target.port} ${keyIn(folder, 'before').publicKey}\n`)
  const refused = problemOf(await connectTo(target))
  expect(refused.code).toBe('ssh-host-changed')
  expect(refused.detail).toContain(`${target.knownHostsFiles[0]} line 1`)
})

test('a host that no longer has a key of a known type has changed', async () => {
  const { target, folder } = await hostWithKey()
  const before = keyIn(folder, 'before', '-t', 'ecdsa')
  writeFileSync(target.knownHostsFiles[0]!, `[127.0.0.1]:${target.port} ${before.publicKey}\n`)
  expect(problemOf(await connectTo(target)).code).toBe('ssh-host-changed')
})

test('a host with no key exchange in common is sent to the ssh program', async () => {
  const { target } = await hostWithKey({ algorithms: { kex: ['diffie-hellman-group14-sha1'] } })
  const refused = problemOf(await connectTo(target))
  expect(refused).toMatchObject({ code: 'ssh-needs-system-ssh', detail: expect.stringContaining('key exchange') })
})

test('a target that needs more than ssh2 has is sent to the ssh program, with no line made', async () => {
  const { target, sshd } = await hostWithKey()
  const refused = problemOf(await connectTo({ ...target, beyondSsh2: ['CertificateFile'] }))
  expect(refused).toMatchObject({ code: 'ssh-needs-system-ssh', detail: expect.stringContaining('CertificateFile') })
  expect(sshd.connections()).toBe(0)
})

test('where nothing listens it is said what to look at', async () => {
  const { target } = await hostWithKey()
  const closed = problemOf(await connectTo({ ...target, port: 1 }))
  expect(closed).toMatchObject({ code: 'ssh-unreachable', detail: expect.stringContaining('sshd runs') })
})

test.each<{ what: string; code: string; speak: (socket: Socket) => void }>([
  { what: 'says nothing', code: 'ssh-unreachable', speak: () => {} },
  { what: 'hangs up at once', code: 'ssh-unreachable', speak: (socket) => void socket.end() },
  {
    what: 'never stops greeting',
    code: 'ssh-unreachable',
    speak: (socket) => void setInterval(() => socket.write('Hi.\r\n'), 20).unref(),
  },
  { what: 'greets on one line for ever', code: 'ssh-not-spoken', speak: forever('welcome '.repeat(1000)) },
  {
    what: 'is a web server',
    code: 'ssh-unreachable',
    speak: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  },
  { what: 'speaks SSH 1', code: 'ssh-not-spoken', speak: (socket) => void socket.write('SSH-1.5-old\r\n') },
])('a peer that $what ends in a problem', async ({ code, speak }) => {
  const { target } = await hostWithKey()
  const { port } = await peer(speak)
  const refused = problemOf(await connectTo({ ...target, port, connectLimitMs: 500 }))
  expect(refused.code).toBe(code)
})

test('a jump host that is not known is named', async () => {
  const { target: jump } = await hostWithKey()
  writeFileSync(jump.knownHostsFiles[0]!, '')
  const unknown = problemOf(await connectTo({ ...jump, jumps: [{ ...jump, alias: 'jump' }] }))
  expect(unknown).toMatchObject({ code: 'ssh-host-unknown', detail: expect.stringMatching(/at the jump host jump:/) })
})

test('what is beyond a jump host is waited for no longer than the target says', async () => {
  const { target: jump } = await hostWithKey()
  const nowhere = { ...jump, hostName: droppedAddress, jumps: [jump], connectLimitMs: 300 }
  const expired = problemOf(await connectTo(nowhere))
  expect(expired).toMatchObject({
    code: 'ssh-unreachable',
    detail: expect.stringContaining('nothing happened within 0.3 s'),
  })
  const abort = new AbortController()
  const connecting = ssh2Driver({ askPassphrase: null }).connect({ ...nowhere, connectLimitMs: 10_000 }, abort.signal)
  setTimeout(() => abort.abort(new Error('enough')), 300)
  await expect(connecting).rejects.toThrow('enough')
})

test('a line that is half open is noticed', async () => {
  const { target, sshd } = await hostWithKey()
  await using connection = await connected(target, 20)
  sshd.freeze()
  expect(await connection.ended).toMatchObject({ code: 'ssh-broken' })
})

function connectTo(target: SshTarget, keepaliveMs = 10_000) {
  return ssh2Driver({ askPassphrase: null, keepaliveMs }).connect(target, never)
}

async function connected(target: SshTarget, keepaliveMs?: number) {
  return valueOf(await connectTo(target, keepaliveMs))
}

function forever(text: string): (socket: Socket) => void {
  return (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(text));
    }
    socket.on('drain', more)
    more()
  }
}
