/**
 * A process with thousands of agents: each is the line of a real agent (`dialOut`, with its back-off and jitter), a real
 * `Peer` and the agent's own router, before a simulated host.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readApprovers } from '@fleetmend/shared'
import { answeredBy } from '../../packages/agent/src/serve/answer-calls.ts'
import { dialOut } from '../../packages/agent/src/serve/dial-out.ts'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import type { RecordedAnswers } from './answers.ts'
import { answerParent } from './part.ts'
import { simulatedHost, type SimulatedHost } from './simulated-host.ts'

export interface AgentsWanted {
  readonly identityFile: string
  /** Instead of the one in the identities. */
  readonly url: string
  readonly answers: RecordedAnswers
  readonly approvers: string
}

/** Since it was asked the last time. */
export interface Dialled {
  readonly opened: number
  /** Attempts that came to nothing. */
  readonly failed: number
  /** What agents said of failures, with how often. */
  readonly says: Readonly<Record<string, number>>
  readonly bugs: readonly string[]
}

/** A wait of the renewal is hours; one before the next attempt is never longer than this. */
const longestBackOffMs = 60 * 60_000

export type AgentsProcess = {
  /** All at once. */
  readonly connect: () => void
  /** How many have said who they are since they were asked to connect, or since the last look. */
  readonly connected: () => number
  readonly dialled: () => Dialled
  readonly begun: () => readonly number[]
}

answerParent(async ({ identityFile, url, answers, approvers }: AgentsWanted): Promise<AgentsProcess> => {
  const identities = JSON.parse(readFileSync(identityFile, 'utf8')) as readonly Identity[]
  const known = readApprovers(approvers)
  const hosts: SimulatedHost[] = []
  const forever = new AbortController().signal
  let greeted = 0
  let opened = 0
  let failed = 0
  let says = new Map<string, number>()
  const bugs: string[] = []

  const dial = (identity: Identity): void => {
    const simulated = simulatedHost({ ...identity, url }, answers, known)
    hosts.push(simulated)
    const agent = {
      ...simulated.agent,
      hello: () => {
        greeted++
        return simulated.agent.hello()
      },
    }
    void dialOut(
      {
        identity: { ...identity, url },
        peer: answeredBy(agent, (bug) => bugs.push(bug)),
        saveIdentity: () => Promise.resolve(),
        say(line) {
          if (line.startsWith('connected ')) return void opened++
          const words = line.replace(/web-\d+/g, 'HOST')
          says.set(words, (says.get(words) ?? 0) + 1)
        },
        nowMs: () => Date.now(),
        async sleep(ms, signal) {
          if (ms <= longestBackOffMs) failed++
          await sleep(ms, undefined, { signal }).catch(() => undefined)
        },
      },
      forever,
    )
  }

  return {
    connect() {
      for (const identity of identities) dial(identity)
    },
    connected() {
      return greeted
    },
    dialled() {
      const told = { opened, failed, says: Object.fromEntries(says), bugs: bugs.slice(0, 3) }
      opened = 0
      failed = 0
      greeted = 0
      says = new Map()
      return told
    },
    begun: () => hosts.map((host) => host.begun()),
  }
})
