import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import { PREAMBLE } from '@fleetmend/shared/wire/frame-reader'
import { describe, expect, test } from 'vitest'
import { handOnTo } from './hand-on.ts'

async function bridge() {
  const folder = await mkdtemp(join(tmpdir(), 'fleetmend-hand-on-'))
  const path = join(folder, 'agent.sock')
  const server = createServer().listen(path)
  await once(server, 'listening')
  const connected = once(server, 'connection') as Promise<[Socket]>
  const [input, output] = [new PassThrough(), new PassThrough()]
  const ended = handOnTo(path, input, output)
  const [agent] = await connected
  agent.on('error', () => undefined)
  // From its first word on it hands on.
  await once(output, 'readable')
  return {
    input,
    output,
    agent,
    ended,
    async [Symbol.asyncDispose]() {
      agent.destroy()
      server.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function readBytes(stream: Readable, count: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer)
    if (Buffer.concat(chunks).length >= count) break
  }
  return Buffer.concat(chunks)
}

test('says first that an agent is here, and then hands on every byte both ways', async () => {
  await using at = await bridge()
  const [asked, answered] = [randomBytes(300_000), randomBytes(300_000)]
  at.input.write(asked)
  at.agent.write(answered)
  expect(await readBytes(at.agent, asked.length)).toEqual(asked)
  const said = await readBytes(at.output, PREAMBLE.length + answered.length)
  expect(said).toEqual(Buffer.concat([PREAMBLE, answered]))
})

describe('whichever ends takes the other with it:', () => {
  test('the caller', async () => {
    await using at = await bridge()
    at.agent.resume()
    at.input.end()
    await once(at.agent, 'close')
    expect(await at.ended).toEqual({ is: 'ended' })
  })

  test('the caller, whose input breaks', async () => {
    await using at = await bridge()
    at.agent.resume()
    at.input.destroy(new Error('EIO'))
    await once(at.agent, 'close')
    expect(await at.ended).toEqual({ is: 'ended' })
  })

  test('the reader of its output', async () => {
    await using at = await bridge()
    at.agent.resume()
    at.output.destroy(new Error('EPIPE'))
    await once(at.agent, 'close')
    expect(await at.ended).toEqual({ is: 'ended' })
    expect(at.input.destroyed).toBe(true)
  })

  test('the agent, in order', async () => {
    await using at = await bridge()
    at.output.resume()
    at.agent.end()
    expect(await at.ended).toEqual({ is: 'ended' })
    expect(at.input.destroyed).toBe(true)
  })
})

test('an agent that does not let go is left', async () => {
  await using at = await bridge()
  at.agent.pause()
  at.output.resume()
  at.input.end('the last question')
  expect(await at.ended).toEqual({ is: 'ended' })
})

test('takes no more from the agent than its caller reads', async () => {
  await using at = await bridge()
  const chunk = Buffer.alloc(64 * 1024)
  let taken = 0
  const pour = (): void => {
    while (at.agent.write(chunk, () => (taken += chunk.length)));
  }
  at.agent.on('drain', pour)
  pour()
  await readBytes(at.output, 1)
  // A turn of the loop after nothing moves any more: what the kernel and two streams hold is all that is under way.
  for (let before = -1; before !== taken;) {
    before = taken
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(taken).toBeLessThan(8 * 1024 * 1024)
  at.input.end()
})

test.each([
  { what: 'no socket', path: '/nowhere/agent.sock', is: 'nobody', says: 'there is no /nowhere/agent.sock' },
  { what: 'a path through a file', path: '/etc/passwd/agent.sock', is: 'nobody', says: 'ENOTDIR' },
])('where there is $what, that is said, and no agent is promised', async ({ path, is, says }) => {
  const output = new PassThrough()
  expect(await handOnTo(path, new PassThrough(), output)).toMatchObject({ is, says: expect.stringContaining(says) })
  expect(output.readableLength).toBe(0)
})
