import { clientOver, memoryChannels, Peer, problemOf } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { hostOf } from '../execute/simulated-host.ts'
import { simulatedWorld } from '../execute/simulated-world.ts'
import { aroundEach } from '../host/around-each.ts'
import { agentRouter, type AgentRouter } from '../router.ts'
import { sampleMadeAtMs } from '../state/sample-plan.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { agentService } from './agent-service.ts'

test.each(['diagnosis', 'plan'] as const)('a %s that is given up over the line is not carried on', async (what) => {
  await using folder = await temporaryState()
  const asked = { questions: 0, isHeld: Promise.withResolvers<void>(), goesOn: Promise.withResolvers<void>() }
  const host = aroundEach(hostOf(simulatedWorld(sampleMadeAtMs)), (ask, name) => {
    asked.questions++
    const answer = ask()
    if (name !== 'processes') return answer
    asked.isHeld.resolve()
    return asked.goesOn.promise.then(() => answer)
  })
  const agent = agentService({ host, state: folder.state, start: async () => ({ ok: true }) })
  const [ours, theirs] = memoryChannels()
  const serving = new Peer(ours, { router: agentRouter, createContext: () => ({ agent }) })
  const client = clientOver<AgentRouter>(new Peer(theirs))

  const leave = new AbortController()
  const options = { signal: leave.signal }
  const answer =
    what === 'plan'
      ? client.remediate.plan.mutate({ want: 'for-findings' }, options)
      : client.diagnose.query({}, options)
  const ended = answer.then(() => 'answered', problemOf)
  await asked.isHeld.promise
  leave.abort()
  expect(await ended).not.toBe('answered')
  await client.explain.query({ diagnosis: 'the giving up has arrived' })
  const before = asked.questions
  asked.goesOn.resolve()
  await client.history.query({ limit: 1 })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(asked.questions).toBe(before)
  serving.close()
})
