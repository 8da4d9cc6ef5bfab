import { problem, type HostDiagnosis } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { movedClock } from '../../test/moved-clock.ts'
import type { Session } from '../fleet/session.ts'
import { openSessions, type Sessions } from '../fleet/sessions.ts'
import { diagnoseHosts } from './diagnosing.ts'

const never = new AbortController().signal

interface Asked {
  readonly sessions: Sessions
  /** How many are being asked at this moment, and how many were at most. */
  readonly now: () => number
  readonly most: () => number
  readonly all: () => number
}

/** Hosts that answer after some turns of the event loop, each after another number of them. */
function hostsThatAnswer(names: readonly string[], answer: (host: string) => unknown = diagnosisOf): Asked {
  const sessions = openSessions(movedClock())
  let [now, most, all] = [0, 0, 0]
  for (const [n, host] of names.entries()) {
    const query = async (): Promise<unknown> => {
      all++
      most = Math.max(most, ++now)
      for (let turn = 0; turn < n % 7; turn++) await new Promise((resolve) => setImmediate(resolve))
      now--
      return answer(host)
    }
    sessions.enter({ host, agent: { diagnose: { query } }, ended: new Promise(() => undefined) } as unknown as Session)
  }
  return { sessions, now: () => now, most: () => most, all: () => all }
}

function diagnosisOf(host: string): HostDiagnosis {
  return { host, outcome: 'diagnosed', status: 'healthy', probes: [], findings: [], couldNotTell: [], tookMs: 1 }
}

const names = Array.from({ length: 500 }, (_, n) => `web-${n}`)
const asked = { site: undefined, notBelieved: () => Promise.resolve() }

async function allOf(answers: AsyncIterable<HostDiagnosis>): Promise<readonly HostDiagnosis[]> {
  const all: HostDiagnosis[] = []
  for await (const answer of answers) all.push(answer)
  return all
}

test('every host answers once, many at a time and no more than the controller can take', async () => {
  const { sessions, most } = hostsThatAnswer(names)
  const answers = await allOf(diagnoseHosts(sessions, names, asked, never))
  expect(answers.map(({ host }) => host).toSorted()).toEqual(names.toSorted())
  expect(most()).toBe(64)
})

test('no host, no answer', async () => {
  expect(await allOf(diagnoseHosts(hostsThatAnswer([]).sessions, [], asked, never))).toEqual([])
})

test('who does not read on keeps no further host busy', async () => {
  const { sessions, all } = hostsThatAnswer(names)
  const answers = diagnoseHosts(sessions, names, asked, never)
  await answers.next()
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(all()).toBeLessThan(200)
  const before = all()
  await answers.return(undefined)
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(all()).toBe(before)
})

test('a lie that cannot be put on record ends the question, instead of passing it on', async () => {
  const { sessions } = hostsThatAnswer(names, (host) => diagnosisOf(host === 'web-77' ? 'web-78' : host))
  const notBelieved = () => Promise.reject(new Error('the disk is full'))
  const answers = diagnoseHosts(sessions, names, { site: undefined, notBelieved }, never)
  await expect(allOf(answers)).rejects.toThrow('the disk is full')
})

test('a lie is on record before anything is said of it', async () => {
  const { sessions } = hostsThatAnswer(['web-1'], () => diagnosisOf('web-2'))
  const lies: string[] = []
  const notBelieved = async (host: string) => void lies.push(host)
  const answers = await allOf(diagnoseHosts(sessions, ['web-1'], { site: undefined, notBelieved }, never))
  expect(answers).toMatchObject([{ host: 'web-1', outcome: 'refused', code: problem('answer-not-believed', '').code }])
  expect(lies).toEqual(['web-1'])
})
