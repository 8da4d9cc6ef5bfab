import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlink } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { idleProcess, stateOf } from './idle-process.ts'
import { readOne, readProcesses } from './processes.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** No kernel gives a pid this big (PID_MAX_LIMIT is 4194304). */
const nobody = 4_194_305

async function everyone() {
  const read = await readProcesses()
  if (!read.ok) throw new Error(read.says)
  return read.value
}

test('a process is read with its parent, its name, its command line and its user', async () => {
  await using idle = await idleProcess('sleep', ['60'])
  expect(await readOne(idle.pid)).toEqual({
    ok: true,
    value: {
      pid: idle.pid,
      parentPid: process.pid,
      state: expect.stringMatching(/^[A-Z]$/),
      startTicks: idle.startTicks,
      cpuTicks: expect.any(Number),
      comm: 'sleep',
      title: 'sleep 60',
      uid: process.getuid?.(),
    },
  })
})

test('a name may hold what separates the fields', async () => {
  await using folder = await temporaryFolder()
  await symlink('/bin/sleep', folder.at(') S 1 1 (x'))
  await using idle = await idleProcess(folder.at(') S 1 1 (x'))
  expect(await readOne(idle.pid)).toMatchObject({ value: { comm: ') S 1 1 (x', parentPid: process.pid } })
})

test('a process that was started later has more ticks, and none from before this boot', async () => {
  const own = await readOne(process.pid)
  await using idle = await idleProcess()
  expect(own.ok && own.value.startTicks).toBeGreaterThan(0)
  expect(idle.startTicks).toBeGreaterThan(own.ok ? own.value.startTicks : Infinity)
})

test('work is counted in ticks', async () => {
  const ticks = async () => {
    const own = await readOne(process.pid)
    return own.ok ? own.value.cpuTicks : 0
  }
  const before = await ticks()
  const { user, system } = process.cpuUsage()
  // A tick is 10 ms; three of them, in case that one was nearly full.
  for (let used = 0; used < 30_000;) {
    const now = process.cpuUsage()
    used = now.user + now.system - user - system
  }
  expect(await ticks()).toBeGreaterThan(before)
})

test('a process that is held still is seen to be', async () => {
  await using idle = await idleProcess()
  await expect.poll(() => stateOf(idle.pid), { timeout: 10_000 }).toBe('S')
  process.kill(idle.pid, 'SIGSTOP')
  await expect.poll(() => stateOf(idle.pid), { timeout: 10_000 }).toBe('T')
})

test('a process that has ended but was not collected has no command line any more', async () => {
  // The program that replaces the shell knows nothing of the shell's child.
  await using parent = await idleProcess('sh', ['-c', 'sleep 0 & exec sleep 60'])
  const zombie = async () => (await everyone()).find((each) => each.parentPid === parent.pid)
  await expect
    .poll(zombie, { timeout: 10_000 })
    .toMatchObject({ state: 'Z', comm: 'sleep', title: '', uid: process.getuid?.() })
})

test('a process that is not there is missing', async () => {
  const says = 'no such file or directory'
  expect(await readOne(nobody)).toEqual({ ok: false, why: 'missing', says })
  const child = spawn('true')
  await once(child, 'close')
  expect(await readOne(child.pid ?? 0)).toEqual({ ok: false, why: 'missing', says })
})

test('a process that ends while it is read is missing, or was still there', async () => {
  // What the kernel says depends on the moment, so there are many of them.
  const readToItsEnd = async () => {
    const child = spawn('true', { stdio: 'ignore' })
    await once(child, 'spawn')
    const kinds: string[] = []
    do {
      const reads = await Promise.all([readOne(child.pid!), readOne(child.pid!), readOne(child.pid!)])
      kinds.push(...reads.map((read) => (read.ok ? 'ok' : read.why)))
    } while (child.exitCode === null)
    return kinds
  }
  const kinds = new Set<string>()
  for (let round = 0; round < 15; round++) {
    const rounds = await Promise.all(Array.from({ length: 8 }, readToItsEnd))
    for (const kind of rounds.flat()) kinds.add(kind)
  }
  expect([...kinds]).not.toContain('failed')
})

test('everyone is there once, while others come and go', async () => {
  await using idle = await idleProcess()
  const passing = Array.from({ length: 20 }, () => once(spawn('true'), 'close'))
  const all = await everyone()
  await Promise.all(passing)
  const pids = all.map(({ pid }) => pid)
  expect(pids).toContain(process.pid)
  expect(pids).toContain(idle.pid)
  expect(new Set(pids).size).toBe(pids.length)
})
