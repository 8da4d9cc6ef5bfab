/**
 * One connection per target, made once for everybody who wants it at the same time, kept for the next, and ended when nobody
 * does. A host where it failed is left alone for longer and longer: sshd's PerSourcePenalties punish the address that fails.
 */
import { exitCodes, problem, problemKinds, safeLine, systemTimers, type Problem, type Timers } from '@fleetmend/shared'
import type { SshConnection, SshDriver, SshOutcome } from './ssh-connection.ts'
import type { SshTarget } from './ssh-target.ts'

export interface SshConnections extends AsyncDisposable {
  to(target: SshTarget, signal: AbortSignal): Promise<SshOutcome<BorrowedConnection>>
}

/** Disposed of, it may be ended as soon as nobody else has it. */
export interface BorrowedConnection extends Disposable {
  readonly connection: SshConnection
}

export interface SshConnectionsOptions {
  readonly driverFor: (target: SshTarget) => SshDriver
  /** A connection that nobody has used for so long is ended. */
  readonly idleMs?: number
  readonly timers?: Timers
  readonly now?: () => number
}

/** A penalty of sshd begins to count at 15 s and ends at 10 min (sshd_config(5), PerSourcePenalties). */
const firstBackOffMs = 5_000
const longestBackOffMs = 10 * 60_000

export function oneConnectionPerHost(options: SshConnectionsOptions): SshConnections {
  const { driverFor, idleMs = 60_000, timers = systemTimers, now = Date.now } = options
  const kept = new Map<string, Kept>()
  const failures = new Map<string, Failure>()

  return {
    async to(target, signal) {
      signal.throwIfAborted()
      const name = JSON.stringify(target)
      let entry = kept.get(name)
      if (entry === undefined) {
        const failure = failures.get(hostOf(target))
        if (failure && failure.untilMs > now()) return { ok: false, problem: heldBack(target, failure, now()) }
        entry = begin(target, name)
      }
      return borrow(entry, signal)
    },
    async [Symbol.asyncDispose]() {
      const entries = [...kept.values()]
      kept.clear()
      await Promise.all(entries.map((entry) => endOf(entry)))
    },
  }

  function begin(target: SshTarget, name: string): Kept {
    const making = new AbortController()
    const entry: Kept = {
      making,
      made: driverFor(target).connect(target, making.signal),
      users: 0,
      cancelIdle: () => {},
    }
    kept.set(name, entry)
    const forget = (): void => {
      entry.cancelIdle()
      if (kept.get(name) === entry) kept.delete(name)
    }
    entry.left = () => {
      if (entry.users > 0) return
      entry.cancelIdle = timers.after(idleMs, () => {
        forget()
        void endOf(entry)
      })
    }
    void entry.made.then(
      (outcome) => {
        if (outcome.ok) {
          failures.delete(hostOf(target))
          void outcome.value.ended.then(forget)
        } else {
          forget()
          remember(target, outcome.problem)
        }
      },
      // Nobody wanted it any more.
      forget,
    )
    return entry
  }

  function remember(target: SshTarget, why: Problem): void {
    // What is wrong on this side costs the host nothing.
    if (problemKinds[why.code].exit === exitCodes.usage) return
    const before = failures.get(hostOf(target))
    const backOffMs = Math.min(before ? before.backOffMs * 2 : firstBackOffMs, longestBackOffMs)
    failures.set(hostOf(target), { backOffMs, untilMs: now() + backOffMs, why })
  }
}

interface Kept {
  readonly making: AbortController
  readonly made: Promise<SshOutcome<SshConnection>>
  users: number
  cancelIdle: () => void
  left?: () => void
}

interface Failure {
  readonly backOffMs: number
  readonly untilMs: number
  readonly why: Problem
}

async function borrow(entry: Kept, signal: AbortSignal): Promise<SshOutcome<BorrowedConnection>> {
  entry.users++
  entry.cancelIdle()
  let isBack = false
  const giveBack = (): void => {
    if (isBack) return
    isBack = true
    entry.users--
    entry.left?.()
  }
  try {
    const outcome = await orAborted(entry.made, signal)
    if (outcome.ok) return { ok: true, value: { connection: outcome.value, [Symbol.dispose]: giveBack } }
    giveBack()
    return outcome
  } catch (error) {
    giveBack()
    // It is still being made, for nobody.
    if (entry.users === 0) entry.making.abort(error)
    throw error
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', leave, { once: true })
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

async function endOf({ making, made, cancelIdle }: Kept): Promise<void> {
  cancelIdle()
  making.abort(new Error('The connections are ended.'))
  const outcome = await made.catch(() => null)
  if (outcome?.ok) await outcome.value[Symbol.asyncDispose]()
}

/** Whoever logs in there, it is this address that is punished. */
function hostOf({ hostName, port }: SshTarget): string {
  return `${hostName} ${port}`
}

function heldBack(target: SshTarget, { untilMs, why }: Failure, nowMs: number): Problem {
  const retryAfterMs = untilMs - nowMs
  const detail = `${safeLine(target.alias)} is not tried again for ${Math.ceil(retryAfterMs / 1000)} s, because sshd makes whoever fails wait for longer and longer. This is what happened before:\n${why.detail}`
  return { ...problem('ssh-held-back', detail), retryAfterMs }
}
