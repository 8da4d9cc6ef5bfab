/** Who sends whatever comes to mind to a unix socket of ours, as bytes and as frames. Afterwards it answers, and holds no more than before. */
import { connect } from 'node:net'
import { Peer, streamChannel, type ProblemCode } from '@fleetmend/shared'
import fc from 'fast-check'
import { expect } from 'vitest'
import { framesTo } from './arbitrary-frames.ts'
import { attack, manyAttemptsMs } from './attack-table.ts'
import { keepsNothing } from './keeps-nothing.ts'
import { listeningProcess, type Listener } from './listening-process.ts'
import { chunks, framed, sayAllOnSocket, sayOnSocket } from './throw-bytes.ts'

const count = 10_000

const attacker = 'a user of the machine'

/** With an honest caller on a line before, who is answered on it afterwards, as is the next. */
async function withHonestCaller(
  listener: Listener,
  attempt: (socketPath: string) => Promise<ProblemCode | null>,
): Promise<ProblemCode | null> {
  await using listening = await listeningProcess(listener)
  const { socketPath, holds } = listening
  const honest = new Peer(streamChannel(connect(socketPath)))
  await greet(honest)
  const before = await holds()
  const code = await attempt(socketPath)
  await greet(honest)
  const next = new Peer(streamChannel(connect(socketPath)))
  await greet(next)
  next.close()
  await next.ended
  keepsNothing(before, await holds())
  honest.close()
  return code
}

async function greet(peer: Peer): Promise<void> {
  expect(await peer.query('hello')).toMatchObject({ spoken: { newest: 1 } })
}

const socketOf = { agent: "the agent's socket", controller: "the controller's socket" } as const

for (const listener of ['agent', 'controller'] as const) {
  const socket = socketOf[listener]

  attack(
    { attacker, attempt: `sends ${socket} ${count} arbitrary byte strings`, refusedWith: 'malformed-frame' },
    () =>
      withHonestCaller(listener, async (socketPath) => {
        const strings = fc.sample(fc.uint8Array({ maxLength: 300 }), { numRuns: count, seed: 17 })
        const codes = new Set<string>()
        // Half of them as they are, half of them as what a frame holds.
        for (const some of chunks(strings, 50))
          for (const code of await Promise.all(
            some.map((bytes, index) => sayOnSocket(socketPath, index % 2 === 0 ? bytes : framed(bytes))),
          ))
            codes.add(code)
        expect([...codes].toSorted()).toEqual(['closed', 'malformed-frame'])
        return 'malformed-frame'
      }),
    manyAttemptsMs,
  )

  attack(
    { attacker, attempt: `sends ${socket} ${count} valid frames in arbitrary order`, refusedWith: 'malformed-frame' },
    () =>
      withHonestCaller(listener, async (socketPath) => {
        const frames = fc.sample(framesTo(listener), { numRuns: count, seed: 19 })
        const ends = new Set<string>()
        const refusals = new Set<string>()
        while (frames.length > 0) ends.add(await sayAllOnSocket(socketPath, frames, refusals))
        // What is no answer to anything ends a line; what nobody offers, or makes no sense, is told to its caller alone.
        expect(ends).toContain('malformed-frame')
        expect([...refusals]).toEqual(expect.arrayContaining(['bad-input', 'not-offered']))
        return 'malformed-frame'
      }),
    manyAttemptsMs,
  )
}
