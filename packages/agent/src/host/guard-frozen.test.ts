import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { guardFrozen, thawCommand } from './guard-frozen.ts'
import type { ProcessIdentity } from './host.ts'
import { idleProcess, stateOf, type IdleProcess } from './idle-process.ts'
import { readProcesses } from './processes.ts'
import type { Self } from './self.ts'
import { isSameProcess, sendSignal } from './signals.ts'

/** Longer than any test. */
const longMs = 60_000

/** The agent as far as it matters here: `internal-thaw` and nothing else. */
const self = runs(`
  import { runThawChild, thawCommand } from '${import.meta.dirname}/guard-frozen.ts'
  const [name, ...args] = process.argv.slice(1)
  if (name === thawCommand) process.exitCode = await runThawChild(args)
`)

function runs(module: string): Self {
  return { program: process.execPath, args: ['--input-type=module', '--eval', module, '--'] }
}

async function frozen(): Promise<IdleProcess> {
  const master = await idleProcess()
  sendSignal(master, 'SIGSTOP')
  await expect.poll(() => stateOf(master.pid), { timeout: 10_000 }).toBe('T')
  return master
}

function awake(master: ProcessIdentity): Promise<void> {
  return expect.poll(() => stateOf(master.pid), { timeout: 10_000 }).toBe('S')
}

async function guarded(master: ProcessIdentity, limitMs = longMs) {
  const guard = await guardFrozen(self, master, limitMs)
  if (!guard.ok) throw new Error(guard.says)
  return guard.value
}

async function guardsOf(master: ProcessIdentity): Promise<readonly ProcessIdentity[]> {
  const all = await readProcesses()
  if (!all.ok) throw new Error(all.says)
  return all.value.filter(({ title }) => title.includes(` ${thawCommand} ${master.pid} `))
}

describe('a process that froze the master and ended', () => {
  /** The guard is ready when this has printed its line. */
  const freezer = ({ pid, startTicks }: ProcessIdentity, next: string) => `
    import { guardFrozen } from '${import.meta.dirname}/guard-frozen.ts'
    const guard = await guardFrozen(${JSON.stringify(self)}, ${JSON.stringify({ pid, startTicks })}, ${longMs})
    console.log(guard.ok)
    ${next}
  `
  const waits = 'setInterval(() => {}, 1000)'

  test.each([
    { how: 'was killed', next: waits, kill: (pid: number) => process.kill(pid, 'SIGKILL') },
    { how: 'was killed with its whole group', next: waits, kill: (pid: number) => process.kill(-pid, 'SIGKILL') },
    { how: 'was interrupted with its whole group', next: waits, kill: (pid: number) => process.kill(-pid, 'SIGINT') },
    { how: 'threw', next: 'throw new Error("a bug")', kill: () => undefined },
    { how: 'exited', next: 'process.exit(1)', kill: () => undefined },
    { how: 'forgot to let go, with nothing left to do', next: '', kill: () => undefined },
  ])('because it $how, leaves it awake', async ({ next, kill }) => {
    await using master = await frozen()
    const { program, args } = runs(freezer(master, next))
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
    const exit = once(child, 'exit')
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    expect(line.toString()).toBe('true\n')
    kill(child.pid!)
    await exit
    await awake(master)
    await expect.poll(() => guardsOf(master), { timeout: 10_000 }).toEqual([])
  })
})

describe('the guard', () => {
  test('holds still until it is let go, then wakes the master and is gone', async () => {
    await using master = await frozen()
    const guard = await guarded(master)
    expect(await guardsOf(master)).toHaveLength(1)
    await sleep(200)
    expect(await stateOf(master.pid)).toBe('T')
    await guard.release()
    await awake(master)
    expect(await guardsOf(master)).toEqual([])
  })

  test('wakes the master when time is up and ends, though nobody let go', async () => {
    await using master = await frozen()
    const guard = await guarded(master, 100)
    await awake(master)
    await expect.poll(() => guardsOf(master), { timeout: 10_000 }).toEqual([])
    await guard.release()
  })

  test('wakes what the master had forked and what was held still with it', async () => {
    // A shell that has no job control waits for its child, as a master does for its workers.
    await using master = await idleProcess('sh', ['-c', 'sleep 60 & wait'])
    const children = async () => {
      const all = await readProcesses()
      return all.ok ? all.value.filter(({ parentPid }) => parentPid === master.pid) : []
    }
    await expect.poll(async () => (await children()).length, { timeout: 10_000 }).toBe(1)
    const [worker] = await children()
    sendSignal(worker!, 'SIGSTOP')
    sendSignal(master, 'SIGSTOP')
    await expect.poll(() => stateOf(worker!.pid), { timeout: 10_000 }).toBe('T')
    const guard = await guarded(master)
    await guard.release()
    await awake(master)
    await awake(worker!)
    sendSignal(worker!, 'SIGKILL')
  })

  test('wakes the master when it is told to end, and ends', async () => {
    await using master = await frozen()
    const guard = await guarded(master)
    const [itself] = await guardsOf(master)
    sendSignal(itself!, 'SIGTERM')
    await awake(master)
    await expect.poll(() => guardsOf(master), { timeout: 10_000 }).toEqual([])
    await guard.release()
  })

  test('leaves a process alone that only has the pid of the master', async () => {
    await using other = await frozen()
    const guard = await guarded({ pid: other.pid, startTicks: other.startTicks - 1 })
    await guard.release()
    expect(await guardsOf(other)).toEqual([])
    expect(await stateOf(other.pid)).toBe('T')
  })

  test('ends quietly when the master has ended', async () => {
    const master = await frozen()
    const guard = await guarded(master)
    await master[Symbol.asyncDispose]()
    await guard.release()
    expect(isSameProcess(master)).toBe(false)
    expect(await guardsOf(master)).toEqual([])
  })

  test.each([
    { what: 'is not there', unable: { program: '/opt/no-such-agent', args: [] } },
    { what: 'ends at once', unable: runs('process.exit(1)') },
  ])('that $what is no guard, and says so before anything is frozen', async ({ unable }) => {
    await using master = await idleProcess()
    const says = 'the process that guards the frozen master did not start'
    expect(await guardFrozen(unable, master, longMs)).toEqual({ ok: false, why: 'failed', says })
  })
})
