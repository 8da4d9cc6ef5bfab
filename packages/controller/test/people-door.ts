/** For tests: the address for people alone, with a router of its own, a store in memory and a clock that a test moves. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import type { PersonRole } from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import { onTestFinished } from 'vitest'
import { openCertificateAuthority } from '../src/identity/certificate-authority.ts'
import { openApiCertificate } from '../src/people/api-certificate.ts'
import type { Caller } from '../src/people/caller.ts'
import { listenForPeople } from '../src/people/people-listener.ts'
import { openPeople, type People } from '../src/people/people.ts'
import type { Clock } from '../src/runs/clock.ts'
import { openMemoryStore } from '../src/store/open-sqlite.ts'
import { quiet } from './fake-clock.ts'
import { scratchFolder } from './scratch-folder.ts'

const t = initTRPC.context<Caller>().create()
const router = t.router({
  who: t.procedure.query(({ ctx }) => ctx.name),
  wait: t.procedure.query(async ({ signal }) => {
    await once(signal!, 'abort')
  }),
  hang: t.procedure.subscription(async function* ({ signal }) {
    yield 'here'
    await once(signal!, 'abort')
  }),
})

const dayMs = 24 * 60 * 60_000

export interface MovedClock extends Clock {
  pass(ms: number): Promise<void>
}

/** A clock that a test moves: whoever sleeps wakes when their time has come. */
function movedClock(): MovedClock {
  let nowMs = Date.now()
  const sleepers = new Set<{ readonly wakeMs: number; readonly wake: () => void }>()
  return {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = { wakeMs: nowMs + ms, wake: () => (sleepers.delete(sleeper), resolve()) }
        sleepers.add(sleeper)
        signal.addEventListener('abort', sleeper.wake, { once: true })
      }),
    async pass(ms) {
      nowMs += ms
      for (const { wakeMs, wake } of [...sleepers]) if (wakeMs <= nowMs) wake()
      await quiet()
    },
  }
}

export interface PeopleDoor {
  readonly clock: MovedClock
  readonly people: People
  readonly port: number
  /** PEM of the authority behind its certificate. */
  readonly ca: string
  /** What was refused, and bugs. */
  readonly refused: readonly string[]
  tokenOf(name: string, role?: PersonRole, lifeMs?: number | null): Promise<string>
}

export async function peopleDoor(): Promise<PeopleDoor> {
  const clock = movedClock()
  const database = await openMemoryStore()
  const folder = scratchFolder()
  mkdirSync(folder, { mode: 0o700 })
  const authority = await openCertificateAuthority(folder, clock.nowMs()).then(must)
  const certificate = await openApiCertificate(authority, ['127.0.0.1'], () => clock.nowMs()).then(must)
  const people = openPeople({ database, clock })
  const refused: string[] = []
  const listener = await listenForPeople({
    host: '127.0.0.1',
    port: 0,
    certificate,
    people,
    clock,
    router,
    contextOf: (caller) => caller,
    isOurs: (origin) => origin === 'https://ours.example',
    refused: ({ code }, path) => refused.push(`${path} ${code}`),
    onBug: (path, error) => refused.push(`a bug in ${path}: ${String(error)}`),
  })
  onTestFinished(async () => {
    await listener.close()
    await database.destroy()
  })
  const tokenOf = async (name: string, role: PersonRole = 'operator', lifeMs: number | null = dayMs) => {
    const powers = { roles: [role], selector: null, readOnly: false }
    return (await people.createToken({ name, powers, lifeMs, madeBy: 'root' }).then(must)).secret
  }
  const ca = authority.certificate
  return { clock, people, port: listener.port, ca, refused, tokenOf }
}

export function must<Value>(answer: { readonly ok: true; readonly value: Value } | { readonly ok: false }): Value {
  if (!answer.ok) throw new Error(JSON.stringify(answer))
  return answer.value
}
