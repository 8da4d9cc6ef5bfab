import { expect, test } from 'vitest'
import type { FastCgiReply, SocketAddress } from '../host/host.ts'
import { fakeReadHost, type FakeWorld } from './fake-read-host.ts'
import { answered, fpmMaster } from './sample-web-host.ts'
import { upstreamFacts, type UpstreamQuestions } from './upstream-facts.ts'

const refused: FastCgiReply = { kind: 'cannot-connect', errno: 'ECONNREFUSED', says: 'connection refused', tookMs: 0 }

function facts(
  address: SocketAddress,
  reply: FastCgiReply,
  more: Partial<UpstreamQuestions> = {},
  world: FakeWorld = {},
) {
  const host = fakeReadHost(world)
  const questions = { workerPid: null, listeners: [], processes: [fpmMaster], views: [], ...more }
  return { host, read: upstreamFacts(host, { addresses: [address, address], ask: async () => reply, ...questions }) }
}

test('an address that answers is asked about once, and its way is not walked', async () => {
  const { host, read } = facts('unix:/run/php/a.sock', answered('', 404))
  expect(await read).toMatchObject([{ address: 'unix:/run/php/a.sock', way: null }])
  expect([...host.touched]).toEqual([])
})

test('one that does not is looked at closely', async () => {
  const { read } = facts('unix:/run/php/a.sock', refused, {}, { tree: { '/run/php/a.sock': 'text' } })
  expect(await read).toMatchObject([{ way: { missing: null, steps: [{}, { path: '/run' }, {}, { kind: 'file' }] } }])
})

test.each<{ listener: SocketAddress; address: SocketAddress; takes: boolean }>([
  { listener: 'tcp:127.0.0.1:9000', address: 'tcp:127.0.0.1:9000', takes: true },
  { listener: 'tcp:0.0.0.0:9000', address: 'tcp:127.0.0.1:9000', takes: true },
  { listener: 'tcp:0.0.0.0:9000', address: 'tcp:[::1]:9000', takes: false },
  { listener: 'tcp:*:9000', address: 'tcp:127.0.0.1:9000', takes: true },
  { listener: 'tcp:[::]:9000', address: 'tcp:[::1]:9000', takes: true },
  { listener: 'tcp:127.0.0.1:9001', address: 'tcp:127.0.0.1:9000', takes: false },
  { listener: 'unix:/run/a.sock', address: 'tcp:127.0.0.1:9000', takes: false },
])('$listener takes what comes to $address: $takes', async ({ listener, address, takes }) => {
  const listeners = [{ address: listener, waiting: 0, limit: 128, pids: [fpmMaster.pid] }]
  const [found] = await facts(address, refused, { listeners }).read
  expect(found?.holders).toEqual(
    takes ? [{ address: listener, pid: 100, comm: fpmMaster.comm, title: fpmMaster.title }] : [],
  )
})

test('a list of listeners that could not be read is not an empty one', async () => {
  expect(await facts('tcp:127.0.0.1:9000', refused, { listeners: null }).read).toMatchObject([{ holders: null }])
})

test.each<{ address: SocketAddress; isHere: boolean | null }>([
  { address: 'tcp:127.0.0.9:9000', isHere: true },
  { address: 'tcp:[::1]:9000', isHere: true },
  { address: 'tcp:10.0.0.5:9000', isHere: true },
  { address: 'tcp:10.0.0.6:9000', isHere: false },
  { address: 'tcp:[fd00::5]:9000', isHere: null },
  { address: 'tcp:php.internal:9000', isHere: null },
])('$address is of this host: $isHere', async ({ address, isHere }) => {
  const tree = { '/proc/net/fib_trie': '     |-- 10.0.0.5\n        /32 host LOCAL\n' }
  expect(await facts(address, refused, {}, { tree }).read).toMatchObject([{ isHere }])
})
