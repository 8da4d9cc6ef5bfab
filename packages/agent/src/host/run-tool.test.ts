import { readFile, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { stateOf } from './idle-process.ts'
import { runTool, toolEnvironment, type ToolRun } from './run-tool.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** So long that only a program that hangs comes near it. */
const limitMs = 60_000

afterEach(() => void vi.unstubAllEnvs())

function runNode(script: string, more: Partial<ToolRun> & { readonly words?: readonly string[] } = {}) {
  const { words = [], ...rest } = more
  return runTool({ program: process.execPath, args: ['--eval', script, '--', ...words], limitMs, ...rest })
}

function runShell(script: string, more: Partial<ToolRun> = {}) {
  return runTool({ program: 'sh', args: ['-c', script], limitMs, ...more })
}

describe('what a program did is a value', () => {
  test.each([0, 1, 125])('also when it ends with %i', async (exitCode) => {
    expect(await runShell(`echo out; echo err >&2; exit ${exitCode}`)).toEqual({
      ok: true,
      value: { exitCode, stdout: 'out\n', stderr: 'err\n' },
    })
  })

  test('a byte that it prints is a character', async () => {
    const value = { exitCode: 0, stdout: '\u00FF\u0000\u00C3\u00A4', stderr: '' }
    const script = 'process.stdout.write(Buffer.from([0xff, 0, 0xc3, 0xa4]))'
    expect(await runNode(script)).toEqual({ ok: true, value })
  })

  test('it gets its arguments as they are', async () => {
    const words = ['$(id)', ';', '*', 'two words', '"', "'", '', '-x', '\n']
    const read = await runNode('console.log(JSON.stringify(process.argv.slice(1)))', { words })
    expect(read.ok && JSON.parse(read.value.stdout)).toEqual(words)
  })

  test('it sees nothing of the environment but a fixed path, the C locale and UTC', async () => {
    vi.stubEnv('FLEETMEND_SECRET', 'secret')
    vi.stubEnv('LC_ALL', 'de_DE.UTF-8')
    vi.stubEnv('TZ', 'Europe/Berlin')
    const read = await runNode('console.log(JSON.stringify(process.env))')
    expect(read.ok && JSON.parse(read.value.stdout)).toEqual(toolEnvironment)
  })
})

describe('standard input', () => {
  const echo = 'process.stdin.pipe(process.stdout)'
  test.each([
    { input: 'ä\n', stdout: '\u00C3\u00A4\n', what: 'is what was given' },
    { input: '', stdout: '', what: 'ends at once when it is empty' },
    { input: undefined, stdout: '', what: 'ends at once when none was given' },
  ])('$what', async ({ input, stdout }) => {
    const read = await runNode(echo, input === undefined ? {} : { input })
    expect(read).toEqual({ ok: true, value: { exitCode: 0, stdout, stderr: '' } })
  })

  test('may be left unread', async () => {
    expect(await runShell('exit 3', { input: 'x'.repeat(1024 * 1024) })).toMatchObject({ value: { exitCode: 3 } })
  })
})

describe('the time limit', () => {
  test('ends the program and everything that it started', async () => {
    await using folder = await temporaryFolder()
    const read = await runShell(`sleep 60 & echo $! > '${folder.at('pid')}'; wait`, { limitMs: 1500 })
    expect(read).toEqual({ ok: false, why: 'timed-out', says: 'sh gave no answer in 1.5 s' })
    const pid = Number(await readFile(folder.at('pid'), 'utf8'))
    // Nobody may be there to collect it, so that it stays a zombie.
    await expect.poll(() => stateOf(pid), { timeout: 10_000 }).toMatch(/^(gone|Z|X)$/)
  })

  test('holds even when something left its process group and keeps the pipes open', async () => {
    await using folder = await temporaryFolder()
    const read = await runShell(`setsid sleep 8 & echo $! > '${folder.at('pid')}'; wait`, { limitMs: 1500 })
    expect(read).toMatchObject({ ok: false, why: 'timed-out' })
    const pid = Number(await readFile(folder.at('pid'), 'utf8'))
    expect(await stateOf(pid)).toBe('S')
    process.kill(pid, 'SIGKILL')
  })
})

describe('the bound on what it may print', () => {
  test.each([
    { out: 1000, err: 0, fits: true },
    { out: 500, err: 500, fits: true },
    { out: 1001, err: 0, fits: false },
    { out: 501, err: 500, fits: false },
  ])('counts $out and $err bytes together: fits is $fits', async ({ out, err, fits }) => {
    const script = `process.stdout.write('o'.repeat(${out})); process.stderr.write('e'.repeat(${err}))`
    const value = { exitCode: 0, stdout: 'o'.repeat(out), stderr: 'e'.repeat(err) }
    expect(await runNode(script, { limitBytes: 1000 })).toEqual(
      fits ? { ok: true, value } : { ok: false, why: 'too-big', says: 'node printed too much' },
    )
  })

  test('ends a program that never stops', async () => {
    const read = await runTool({ program: 'yes', args: [], limitMs })
    expect(read).toEqual({ ok: false, why: 'too-big', says: 'yes printed too much' })
  })
})

describe('a program that does not run', () => {
  test('is missing when it is not installed', async () => {
    expect(await runTool({ program: '/opt/no-such-tool', args: [], limitMs })).toEqual({
      ok: false,
      why: 'missing',
      says: 'no-such-tool is not installed',
    })
  })

  test('is not looked for where the caller would', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('fleetmend-stray'), '#!/bin/sh\necho stray\n', { mode: 0o755 })
    vi.stubEnv('PATH', `${folder.path}:${process.env['PATH']}`)
    expect(await runTool({ program: 'fleetmend-stray', args: [], limitMs })).toMatchObject({
      ok: false,
      why: 'missing',
    })
  })

  test.each([
    { what: 'which is a directory', program: '/etc', args: [], says: /^etc cannot be run: .*EACCES/ },
    { what: 'below a file', program: '/etc/passwd/x', args: [], says: /^x cannot be run: .*ENOTDIR/ },
    {
      what: 'with an argument too long',
      program: 'true',
      args: ['x'.repeat(4e6)],
      says: /^true cannot be run: .*E2BIG/,
    },
    { what: 'with a NUL in an argument', program: 'true', args: ['a\0b'], says: /^true cannot be run: .*null bytes/ },
  ])('$what, says so', async ({ program, args, says }) => {
    const read = await runTool({ program, args, limitMs })
    expect(read).toEqual({ ok: false, why: 'failed', says: expect.stringMatching(says) })
  })

  test('to its end, names the signal', async () => {
    expect(await runShell('kill -TERM $$')).toEqual({ ok: false, why: 'failed', says: 'sh was killed by SIGTERM' })
  })
})
