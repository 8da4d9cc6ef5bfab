import { expect, test } from 'vitest'
import { diagnoseHost } from '../diagnose-host.ts'
import { fakeReadHost } from '../survey/fake-read-host.ts'
import { sampleWebHost } from '../survey/sample-web-host.ts'
import { aroundEach } from './around-each.ts'
import { untilGivenUp } from './until-given-up.ts'

/** How many questions a look at a web host takes until it ends, with the look given up after so many. */
async function asked(giveUpAfter: number): Promise<{ readonly questions: number; readonly ended: unknown }> {
  const leave = new AbortController()
  let questions = 0
  const counting = aroundEach(fakeReadHost(sampleWebHost), (ask) => {
    if (++questions === giveUpAfter) leave.abort('given up')
    return ask()
  })
  const ended = await diagnoseHost(untilGivenUp(counting, leave.signal)).catch((error: unknown) => error)
  return { questions, ended }
}

test('what is given up asks nothing more, and has no answer', async () => {
  const whole = await asked(Infinity)
  expect(whole.ended).toMatchObject({ status: expect.any(String) })
  for (const giveUpAfter of [1, 10, Math.floor(whole.questions / 2), whole.questions - 1]) {
    const { questions, ended } = await asked(giveUpAfter)
    expect(ended).toBe('given up')
    // What was asked already in the same breath is answered all the same.
    expect(questions).toBe(giveUpAfter)
  }
})

test('what nobody can give up is asked to the end', async () => {
  const host = fakeReadHost(sampleWebHost)
  expect(untilGivenUp(host, undefined)).toBe(host)
})
