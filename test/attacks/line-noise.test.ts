/** A controller in wrong hands that says whatever comes to mind down the line that an agent dialled. Afterwards the agent serves its own. */
import { problem, type ProblemCode } from '@fleetmend/shared'
import { errorShape } from '@fleetmend/shared/wire/error-shape'
import { errorFrame } from '@fleetmend/shared/wire/frames'
import fc from 'fast-check'
import { expect } from 'vitest'
import { until } from '../lab/until.ts'
import { agentsDoor } from './agents-door.ts'
import { framesTo } from './arbitrary-frames.ts'
import { attack, manyAttemptsMs } from './attack-table.ts'
import { evilController, type EvilController } from './evil-controller.ts'
import { keepsNothing } from './keeps-nothing.ts'
import { diallingProcess } from './listening-process.ts'
import { sayAll, sayOnce } from './throw-bytes.ts'

const count = 10_000
const attacker = 'a malicious controller'

/** With an agent of the fleet that dials, and is answered by its own controller afterwards. */
async function withDiallingAgent(
  attempt: (evil: EvilController) => Promise<ProblemCode | null>,
): Promise<ProblemCode | null> {
  await using door = await agentsDoor()
  await using evil = await evilController(door)
  await using agent = await diallingProcess({ ...(await door.enrolled('web-1')), url: evil.url })
  // Once, so that what is loaded with the first line is not counted.
  await sayOnce(await evil.nextLine(), Buffer.from('{'))
  const before = await agent.holds()
  const code = await attempt(evil)
  evil.leave()
  await until(() => door.sessions.get('web-1') !== null, 'web-1 to be served by its controller')
  expect(await door.sessions.get('web-1')?.agent.hello.query()).toMatchObject({ host: 'web-1' })
  keepsNothing(before, await agent.holds())
  return code
}

attack(
  {
    attacker,
    attempt: `answers an agent that dials with ${count} arbitrary byte strings`,
    refusedWith: 'malformed-frame',
  },
  () => {
    // Before it dials: who is kept waiting for the handshake gives up.
    const strings = fc.sample(fc.uint8Array({ maxLength: 300 }), { numRuns: count, seed: 23 })
    return withDiallingAgent(async (evil) => {
      // Some in place of what is expected at each layer; most as messages, which keep coming while the line is being closed.
      for (const bytes of strings.splice(0, 1000)) await evil.answerInPlaceOf('TLS', bytes)
      for (const bytes of strings.splice(0, 100)) await evil.answerInPlaceOf('HTTP', bytes)
      for (const bytes of strings.splice(0, 100)) await evil.answerInPlaceOf('WebSocket frames', bytes)
      const codes = new Set<string>()
      for (const bytes of strings.splice(0, 100)) codes.add(await sayOnce(await evil.nextLine(), bytes))
      while (strings.length > 0) codes.add(await sayAll(await evil.nextLine(), strings.splice(0, 40)))
      expect([...codes].filter((code) => code !== 'closed')).toEqual(['malformed-frame'])
      return 'malformed-frame'
    })
  },
  manyAttemptsMs,
)

attack(
  {
    attacker,
    attempt: `sends an agent that dialled ${count} valid frames in arbitrary order`,
    refusedWith: 'malformed-frame',
  },
  () => {
    // Before it dials: who is kept waiting for the handshake gives up.
    const frames = fc.sample(frame, { numRuns: count, seed: 29 })
    return withDiallingAgent(async (evil) => {
      const ends = new Set<string>()
      const refusals = new Set<string>()
      while (frames.length > 0) {
        const line = await evil.nextLine()
        ends.add(await sayAll(line, frames, 3))
        for (const code of line.refusals) refusals.add(code)
      }
      expect(ends).toContain('malformed-frame')
      expect([...refusals]).toContain('bad-input')
      return 'malformed-frame'
    })
  },
  manyAttemptsMs,
)

/** Now and then it throws the agent out, for one reason or another. */
const frame = fc.oneof(
  { weight: 200, arbitrary: framesTo('agent') },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('host-removed', 'certificate-expired', 'wrong-host', 'timed-out', 'busy')
      .map((code) => errorFrame(null, errorShape('FORBIDDEN', 403, problem(code, 'Because.')))),
  },
)
