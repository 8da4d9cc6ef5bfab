import { expect, test } from 'vitest'
import { problem, type Timers } from '@fleetmend/shared'
import { hostWithKey, never, valueOf } from './drivers/loopback-host.ts'
import { keyIn } from './drivers/loopback-sshd.ts'
import { ssh2Driver } from './drivers/ssh2-driver.ts'
import { oneConnectionPerHost } from './one-connection-per-host.ts'
import { runCommand } from './run-command.ts'
import type { SshDriver } from './ssh-connection.ts'

test('everybody who wants a host at the same time shares one connection, and so does who comes later', async () => {
  const { target, sshd } = await hostWithKey()
  await using connections = oneConnectionPerHost({ driverFor: () => ssh2Driver({ askPassphrase: null }) })
  const borrowed = await Promise.all(Array.from({ length: 5 }, () => connections.to(target, never)))
  const [one, ...others] = borrowed.map((each) => valueOf(each).connection)
  for (const other of others) expect(other).toBe(one)
  for (const each of borrowed) if (each.ok) each.value[Symbol.dispose]()
  const later = await connections.to(target, never)
  expect(
    later.ok && (await runCommand(later.value.connection, 'echo hi', { limitMs: 9000, limitBytes: 99 })),
  ).toMatchObject({
    value: { code: 0 },
  })
  expect(sshd.connections()).toBe(1)
})

test('a connection that nobody has is ended after a while, and made anew for the next', async () => {
  const { target, sshd } = await hostWithKey()
  const timers = manualTimers()
  await using connections = oneConnectionPerHost({
    driverFor: () => ssh2Driver({ askPassphrase: null }),
    timers,
    idleMs: 5,
  })
  const first = await connections.to(target, never)
  if (!first.ok) throw new Error(first.problem.detail)
  timers.run()
  first.value[Symbol.dispose]()
  timers.run()
  expect(await first.value.connection.ended).toBeNull()
  using second = valueOf(await connections.to(target, never))
  expect(second.connection).not.toBe(first.value.connection)
  expect(sshd.connections()).toBe(2)
})

test('a connection that broke is not given to anybody again', async () => {
  const { target, sshd } = await hostWithKey()
  await using connections = oneConnectionPerHost({ driverFor: () => ssh2Driver({ askPassphrase: null }) })
  using first = valueOf(await connections.to(target, never))
  sshd.cut()
  await first.connection.ended
  using second = valueOf(await connections.to(target, never))
  expect(second.connection).not.toBe(first.connection)
})

test('a host that refused is left alone, for twice as long each time, whoever asks; a login that works ends it', async () => {
  const { target, sshd, folder, key } = await hostWithKey()
  let nowMs = 0
  const timers = manualTimers()
  const driver = ssh2Driver({ askPassphrase: null })
  await using connections = oneConnectionPerHost({ driverFor: () => driver, timers, now: () => nowMs })
  const stray = { ...target, identityFiles: [keyIn(folder, 'stray').file] }
  for (const backOffMs of [5_000, 10_000, 20_000]) {
    expect(await connections.to(stray, never)).toMatchObject({ ok: false, problem: { code: 'ssh-refused' } })
    const held = await connections.to({ ...target, user: 'other' }, never)
    expect(held).toMatchObject({ ok: false, problem: { code: 'ssh-held-back', retryAfterMs: backOffMs } })
    nowMs += backOffMs
  }
  expect(sshd.connections()).toBe(3)
  expect((await connections.to({ ...target, identityFiles: [key.file] }, never)).ok).toBe(true)
  expect(await connections.to(stray, never)).toMatchObject({ ok: false, problem: { code: 'ssh-refused' } })
})

test('a connection in the making goes on as long as one of those who asked is left', async () => {
  const { target } = await hostWithKey()
  const signals: AbortSignal[] = []
  const slow: SshDriver = {
    connect: (_target, signal) =>
      new Promise((resolve, reject) => {
        signals.push(signal)
        signal.addEventListener('abort', () => reject(signal.reason as Error))
        if (signals.length === 2) resolve({ ok: false, problem: problem('ssh-unreachable', '') })
      }),
  }
  await using connections = oneConnectionPerHost({ driverFor: () => slow })
  const [one, other] = [new AbortController(), new AbortController()]
  const asking = [connections.to(target, one.signal), connections.to(target, other.signal)]
  one.abort(new Error('first leaves'))
  await expect(asking[0]).rejects.toThrow('first leaves')
  expect(signals[0]?.aborted).toBe(false)
  other.abort(new Error('second leaves'))
  await expect(asking[1]).rejects.toThrow('second leaves')
  expect(signals[0]?.aborted).toBe(true)
  // It was given up here, which says nothing against the host.
  expect(await connections.to(target, never)).toMatchObject({ ok: false, problem: { code: 'ssh-unreachable' } })
})

/** Time that passes when the test says so. */
function manualTimers(): Timers & { readonly run: () => void } {
  const waiting = new Set<() => void>()
  return {
    after(_ms, run) {
      waiting.add(run)
      return () => void waiting.delete(run)
    },
    nowMs: () => 0,
    run() {
      for (const each of [...waiting]) {
        waiting.delete(each)
        each()
      }
    },
  }
}
