import { chmod, chown, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { PlannedFiles } from './host.ts'
import { privateNamespaces } from './private-namespace.ts'
import { mayMakeNamespaces } from './stand-in-tools.ts'
import { temporaryFolder } from './temporary-folder.ts'

const namespaces = privateNamespaces()

function shell(
  script: string,
  planned: PlannedFiles = new Map(),
  shadowed: readonly string[] = [],
  layered: readonly string[] = [],
) {
  const stage = { planned, shadowed, layered }
  return namespaces.run({ program: 'sh', args: ['-c', script], stage, limitMs: 15_000 })
}

describe.skipIf(!mayMakeNamespaces)('a program in a private namespace', () => {
  test('sees planned bytes with the old mode and owner, and the live file keeps its own', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('www.conf'), 'live')
    await chown(folder.at('www.conf'), 12_345, 23_456)
    await chmod(folder.at('www.conf'), 0o640)
    const planned = new Map([[folder.at('www.conf'), Buffer.from('planned')]])
    const read = await shell(
      `cd '${folder.path}'; cat www.conf; stat -c ' %a %u %g' www.conf; echo gone > www.conf`,
      planned,
    )
    expect(read).toEqual({ ok: true, value: { exitCode: 0, stdout: 'planned 640 12345 23456\n', stderr: '' } })
    expect(await readFile(folder.at('www.conf'), 'utf8')).toBe('live')
  })

  test('sees what stands in for a live file, which others do not see', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('www.conf'), '; a comment\npm = static\n')
    await symlink(folder.at('www.conf'), folder.at('link.conf'))
    const stage = { planned: new Map(), shadowed: [], layered: [] }
    const cat = (abridged: ReadonlyMap<string, Uint8Array>) =>
      namespaces.run({ program: 'cat', args: [folder.at('www.conf')], stage, abridged, limitMs: 15_000 })
    for (const text of ['pm = static\n', 'pm = dynamic\n'])
      expect(await cat(new Map([[folder.at('link.conf'), Buffer.from(text)]]))).toMatchObject({
        value: { stdout: text },
      })
    expect(await readFile(folder.at('www.conf'), 'utf8')).toBe('; a comment\npm = static\n')
  })

  test('sees the live file where nothing can be put over it', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('www.conf'), 'live')
    const stage = { planned: new Map(), shadowed: [], layered: [] }
    const abridged = new Map([[folder.at('gone.conf'), Buffer.from('none')]])
    expect(
      await namespaces.run({ program: 'cat', args: [folder.at('www.conf')], stage, abridged, limitMs: 15_000 }),
    ).toMatchObject({ value: { stdout: 'live', exitCode: 0 } })
  })

  test('sees files that would appear and misses those that would go, in one folder and in a new one', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('kept'), 'kept')
    await writeFile(folder.at('old'), 'old')
    const planned = new Map([
      [folder.at('new'), Buffer.from('new')],
      [folder.at('old'), null],
      [folder.at('made', 'too', 'deep'), Buffer.from('deep')],
    ])
    const read = await shell(`cd '${folder.path}'; find . -type f | sort; cat new made/too/deep`, planned)
    const stdout = './kept\n./made/too/deep\n./new\nnewdeep'
    expect(read).toEqual({ ok: true, value: { exitCode: 0, stdout, stderr: '' } })
    expect((await readdir(folder.path)).toSorted()).toEqual(['kept', 'old'])
  })

  test('writes into copies of folders, with their modes and without their files', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('log', 'php'), { recursive: true })
    await chmod(folder.at('log', 'php'), 0o2750)
    await writeFile(folder.at('log', 'php', 'fpm.log'), 'live')
    const script = `cd '${folder.at('log')}'; find . -type f; stat -c %a php; echo test > php/fpm.log; echo x > stray`
    const read = await shell(script, new Map(), [folder.at('log')])
    expect(read).toEqual({ ok: true, value: { exitCode: 0, stdout: '2750\n', stderr: '' } })
    expect(await readdir(folder.at('log'), { recursive: true })).toEqual(['php', 'php/fpm.log'])
    expect(await readFile(folder.at('log', 'php', 'fpm.log'), 'utf8')).toBe('live')
    expect((await stat(folder.at('log', 'php'))).mode & 0o7777).toBe(0o2750)
  })

  test('writes into copies of what links lead to', async () => {
    await using folder = await temporaryFolder()
    for (const name of ['log', 'lib']) await mkdir(folder.at('real', name, 'php'), { recursive: true })
    await chmod(folder.at('real', 'log', 'php'), 0o2750)
    await symlink(folder.at('real'), folder.at('linked'))
    const script = `cd '${folder.at('linked')}'; stat -c %a log/php; echo x > log/php/fpm.log; echo x > lib/php/stray`
    const read = await shell(script, new Map(), [folder.at('linked', 'log')], [folder.at('linked', 'lib')])
    expect(read).toEqual({ ok: true, value: { exitCode: 0, stdout: '2750\n', stderr: '' } })
    expect((await readdir(folder.at('real'), { recursive: true })).toSorted()).toEqual([
      'lib',
      'lib/php',
      'log',
      'log/php',
    ])
  })

  test('reads the files of layered folders, and what it writes there is nowhere afterwards', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('lib'))
    await chmod(folder.at('lib'), 0o2750)
    await writeFile(folder.at('lib', 'certificate'), 'live')
    const script = `cd '${folder.at('lib')}'; cat certificate; stat -c ' %a' .; echo x > certificate; mkdir stray; cat certificate`
    const read = await shell(script, new Map(), [], [folder.at('lib')])
    expect(read).toEqual({ ok: true, value: { exitCode: 0, stdout: 'live 2750\nx\n', stderr: '' } })
    expect(await readdir(folder.at('lib'))).toEqual(['certificate'])
    expect(await readFile(folder.at('lib', 'certificate'), 'utf8')).toBe('live')
  })

  test('says what it says, and ends as it ends', async () => {
    const value = { exitCode: 78, stdout: 'out\n', stderr: 'err\n' }
    expect(await shell('echo out; echo err >&2; exit 78')).toEqual({ ok: true, value })
  })

  test('may open what it prints to by its name, as logs of images are named', async () => {
    const value = { exitCode: 0, stdout: 'out\n', stderr: 'err\n' }
    expect(await shell('echo err >> /proc/self/fd/2; echo out >> /dev/stdout')).toEqual({ ok: true, value })
  })

  test('sees every file that would appear, whichever folder comes first', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('pool.d'))
    const names = ['pool.d/first', 'beside', 'pool.d/second', 'made/below', 'pool.d/made/third']
    const planned = new Map(names.map((name) => [folder.at(name), Buffer.from('x')]))
    const read = await shell(`cd '${folder.path}'; find . -type f`, planned)
    const seen = read.ok ? read.value.stdout.trim().split('\n') : read.says
    expect(seen).toEqual(expect.arrayContaining(names.map((name) => `./${name}`)))
  })

  test.each([
    ['edited', 'gone'],
    ['gone', 'edited'],
  ])('sees a file that is edited beside one that goes, whichever is named first: %s, %s', async (...names) => {
    await using folder = await temporaryFolder()
    for (const name of names) await writeFile(folder.at(name), 'live')
    const planned = new Map(names.map((name) => [folder.at(name), name === 'gone' ? null : Buffer.from('planned')]))
    const read = await shell(`cd '${folder.path}'; grep -r .`, planned)
    expect(read).toMatchObject({ ok: true, value: { stdout: 'edited:planned\n' } })
  })

  test('leaves nothing behind in memory', async () => {
    await using folder = await temporaryFolder()
    const stages = async () => (await readdir('/dev/shm')).filter((name) => name.startsWith('fleetmend-stage-'))
    const before = await stages()
    expect(await shell('true', new Map([[folder.at('new'), Buffer.from('x')]]))).toMatchObject({ ok: true })
    // Others may be at work on the same machine; what they leave for a moment goes away as well.
    const left = async () => (await stages()).filter((name) => !before.includes(name))
    await expect.poll(left, { timeout: 10_000 }).toEqual([])
  })

  test('that is not there is no answer of a program', async () => {
    const stage = { planned: new Map(), shadowed: [], layered: [] }
    expect(await namespaces.run({ program: '/opt/no-such-fpm', args: ['-t'], stage, limitMs: 15_000 })).toEqual({
      ok: false,
      why: 'failed',
      says: 'nsenter: failed to execute /opt/no-such-fpm: No such file or directory',
    })
  })
})
