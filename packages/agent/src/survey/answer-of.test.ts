import { expect, test } from 'vitest'
import { answerOf } from './answer-of.ts'
import { fakeReadHost, timedOut, type FakeWorld } from './fake-read-host.ts'

type Printed = NonNullable<FakeWorld['answers']>[string]

test.each<{ is: string; printed: Printed | undefined; gives: unknown }>([
  { is: 'what it printed', printed: 'a listener\n', gives: { ok: true, value: 'a listener\n' } },
  { is: 'nothing, when it says so', printed: '', gives: { ok: true, value: '' } },
  {
    is: 'what it printed before it failed',
    printed: { exitCode: 1, stdout: '[]\n', stderr: '' },
    gives: { ok: true, value: '[]\n' },
  },
  {
    is: 'the reason, when it failed and printed nothing',
    printed: { exitCode: 1, stdout: '\n', stderr: 'Failed to connect to bus: Host is down\nand more\n' },
    gives: { ok: false, why: 'failed', says: 'Failed to connect to bus: Host is down' },
  },
  {
    is: 'its exit code, when it gave no reason',
    printed: { exitCode: 255, stdout: '', stderr: '' },
    gives: { ok: false, why: 'failed', says: 'listeners: exit code 255' },
  },
  { is: 'that it took too long', printed: timedOut, gives: timedOut },
  {
    is: 'that it is not there',
    printed: undefined,
    gives: { ok: false, why: 'missing', says: 'listeners is not installed' },
  },
])('the answer of a program is $is', async ({ printed, gives }) => {
  const host = fakeReadHost({ answers: printed === undefined ? {} : { listeners: printed } })
  expect(await answerOf(host, { tool: 'listeners' })).toEqual(gives)
})
