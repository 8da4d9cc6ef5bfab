import { symlink } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { idleProcess, stateOf } from './idle-process.ts'
import { readOne } from './processes.ts'
import { isSameProcess, sendSignal } from './signals.ts'
import { unshared } from './stand-in-tools.ts'
import { temporaryFolder } from './temporary-folder.ts'

const isRoot = process.getuid?.() === 0

describe('a process is itself', () => {
  test('by its pid and by when it started', async () => {
    await using idle = await idleProcess()
    expect(isSameProcess(idle)).toBe(true)
    expect(isSameProcess({ pid: idle.pid, startTicks: idle.startTicks + 1 })).toBe(false)
    expect(isSameProcess({ pid: idle.pid, startTicks: Number.NaN })).toBe(false)
    expect(isSameProcess({ pid: process.pid, startTicks: idle.startTicks })).toBe(false)
  })

  test('even with a name that looks like the fields after it', async () => {
    await using folder = await temporaryFolder()
    await symlink('/bin/sleep', folder.at(') S 1 1 (x'))
    await using idle = await idleProcess(folder.at(') S 1 1 (x'))
    expect(isSameProcess(idle)).toBe(true)
  })
})

describe('a signal', () => {
  test('reaches the process that is meant', async () => {
    await using idle = await idleProcess()
    expect(sendSignal(idle, 'SIGSTOP')).toEqual({ ok: true })
    await expect.poll(() => stateOf(idle.pid), { timeout: 10_000 }).toBe('T')
    expect(sendSignal(idle, 'SIGCONT')).toEqual({ ok: true })
    await expect.poll(() => stateOf(idle.pid), { timeout: 10_000 }).toBe('S')
  })

  test('is kept from a process that started at another time', async () => {
    await using idle = await idleProcess()
    const earlier = { pid: idle.pid, startTicks: idle.startTicks - 1 }
    const says = `process ${idle.pid} is gone, so it got no SIGKILL`
    expect(sendSignal(earlier, 'SIGKILL')).toEqual({ ok: false, says })
    expect(sendSignal(idle, 'SIGTERM')).toEqual({ ok: true })
    // Had the first one been sent, it would have died of that.
    expect(await idle.ended).toBe('SIGTERM')
  })

  test('to a process that has ended is not sent', async () => {
    await using idle = await idleProcess()
    sendSignal(idle, 'SIGKILL')
    await idle.ended
    const says = `process ${idle.pid} is gone, so it got no SIGCONT`
    expect(sendSignal(idle, 'SIGCONT')).toEqual({ ok: false, says })
  })

  test('to 0, which would be our own group, is not sent', () => {
    const says = 'process 0 is gone, so it got no SIGCONT'
    expect(sendSignal({ pid: 0, startTicks: 0 }, 'SIGCONT')).toEqual({ ok: false, says })
  })

  test.skipIf(isRoot)('that the kernel refuses says so', async () => {
    const first = await readOne(1)
    if (!first.ok) throw new Error(first.says)
    const says = 'SIGCONT to process 1: operation not permitted'
    expect(sendSignal(first.value, 'SIGCONT')).toEqual({ ok: false, says })
  })
})

const inNamespace = ['--pid', '--fork', '--mount', '--mount-proc', '--']
const mayMakeNamespaces = (await unshared(inNamespace, ['true'])) !== null

/** In a pid namespace of its own, where the next pid can be chosen, one process gets the pid of another that ended. */
const reuseOfPid = `
  import { writeFileSync } from 'node:fs'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { idleProcess } from '${import.meta.dirname}/idle-process.ts'
  import { sendSignal } from '${import.meta.dirname}/signals.ts'
  const { pid, startTicks, ...first } = await idleProcess()
  await first[Symbol.asyncDispose]()
  // More than the 10 ms of a tick.
  await sleep(50)
  let second
  do {
    await second?.[Symbol.asyncDispose]()
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1))
    second = await idleProcess()
  } while (second.pid !== pid)
  const did = sendSignal({ pid, startTicks }, 'SIGKILL')
  sendSignal(second, 'SIGTERM')
  console.log(JSON.stringify({ did, reused: second.pid === pid, diedOf: await second.ended }))
`

test.skipIf(!mayMakeNamespaces)('a process that got the pid of an earlier one is left alone', async () => {
  const program = [process.execPath, '--input-type=module', '--eval', reuseOfPid]
  const stdout = await unshared(inNamespace, program)
  const did = { ok: false, says: expect.stringMatching(/^process \d+ is gone, so it got no SIGKILL$/) }
  expect(JSON.parse(stdout ?? 'null')).toEqual({ did, reused: true, diedOf: 'SIGTERM' })
})
