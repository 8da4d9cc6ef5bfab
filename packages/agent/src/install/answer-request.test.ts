import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agentUnit, installedFiles, installedPlaces } from '@fleetmend/shared/model/installed-agent'
import type { InstallationAnswer, Wanted } from '@fleetmend/shared'
import { problem } from '@fleetmend/shared/problems'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { answerRequest } from './answer-request.ts'
import type { Services } from './services.ts'

let folder: string
/** Stands for `/` of a host. */
let root: string
let told: string[]
let machine: ReturnType<typeof simulated>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetmend-install-'))
  root = join(folder, 'root')
  for (const path of ['usr/bin', 'usr/lib/systemd/system', 'etc', 'var/lib'])
    await mkdir(join(root, path), { recursive: true })
  told = []
  machine = simulated()
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** systemd, accounts and an agent that behaves as `now` says; files are real. */
function simulated() {
  /** `broken`: the build that does not answer. */
  const now = { broken: '', enrols: true, applies: [] as string[], programs: [] as string[] }
  const state = { active: false, running: '', enabled: new Set<string>(), group: false, fleet: null as string | null }
  const ok = { ok: true } as const
  const did = (what: string): typeof ok => {
    told.push(what)
    return ok
  }
  const services: Services = {
    host: 'web-1',
    runsSystemd: async () => true,
    units: async (names) =>
      names.map((name) => ({
        ...{ name, fragmentPath: `${installedPlaces.units}/${name}.service`, dropIns: [], isMasked: false },
        ...{ isEnabled: state.enabled.has(name), isActive: name === agentUnit && state.active },
      })),
    tell: async (verb, unit) => {
      if (verb === 'enable') state.enabled.add(unit)
      if (verb === 'disable') state.enabled.delete(unit)
      if (verb === 'start' || verb === 'stop') state.active = verb === 'start'
      // StateDirectory=
      if (verb === 'start') await mkdir(root + installedPlaces.state, { recursive: true })
      if (verb === 'start' || verb === 'restart')
        state.running = await readFile(join(root, '/usr/lib/fleetmend/node'), 'utf8')
      return did(`${verb} ${unit}`)
    },
    reloadUnits: async () => did('reload'),
    applies: async () => now.applies,
    programs: async () => now.programs,
    hasGroup: async () => state.group,
    makeGroup: async () => ((state.group = true), did('groupadd')),
    removeGroup: async () => ((state.group = false), did('groupdel')),
    accountsOf: async () => [],
    enrolled: async () => (state.fleet === null ? null : { host: 'web-1', fleet: 'f-1', url: state.fleet }),
    enrol: async (token) => {
      if (!now.enrols) return { ok: false, problem: problem('bad-token', 'It was used before.') }
      state.fleet = 'wss://controller.example:7443'
      return did(`enrol with ${token}`)
    },
    asksAgent: async () =>
      state.active && state.running !== `node of ${now.broken}\n` ? ok : { ok: false, says: 'nobody answers' },
    line: async () => (state.fleet === null ? { ok: false, says: 'the line is not up' } : ok),
  }
  return { now, state, services }
}

/** A built agent, of which each build is another. */
async function built(build: string): Promise<string> {
  const path = join(folder, build)
  await mkdir(path)
  for (const name of Object.keys(installedFiles)) await writeFile(join(path, name), `${name} of ${build}\n`)
  await chmod(path, 0o700)
  return path
}

const wanted: Wanted = {
  ...{ want: 'installed', approvers: null, policy: null, replacePolicy: false },
  enrol: { url: null, host: null },
}
const removed: Wanted = { want: 'removed', purge: true }

function ask(from: string, want: Wanted, agreed: InstallationAnswer['digest'] | null): Promise<InstallationAnswer> {
  const here = { root, services: machine.services, folder: from, sleep: async () => undefined }
  return answerRequest({ format: 'fleetmend.installation-request/1', wanted: want, agreed, token: 'fmj1.secret' }, here)
}

/** As a person does it: looked at, agreed to, done. */
async function carryOut(from: string, want: Wanted = wanted): Promise<InstallationAnswer> {
  const { digest } = await ask(from, want, null)
  return ask(from, want, digest)
}

/** Everything below the root, with what an attentive person would see of it. */
async function tree(): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    const { mode, ino, mtimeMs } = await lstat(path)
    const says = entry.isSymbolicLink() ? await readlink(path) : entry.isFile() ? await readFile(path, 'utf8') : ''
    return [path.slice(root.length), mode.toString(8), entry.isDirectory() ? '' : `${ino} ${mtimeMs}`, says].join(' ')
  })
  return (await Promise.all(lines)).toSorted()
}

const current = () => readlink(root + installedPlaces.current)
const became = ({ steps }: InstallationAnswer) => new Set(steps.map((step) => step.became))

test('looking changes nothing, and says nothing of the token', async () => {
  const before = await tree()
  const answer = await ask(await built('one'), wanted, null)
  expect(await tree()).toEqual(before)
  expect(told).toEqual([])
  expect(answer.steps.length).toBeGreaterThan(10)
  expect(JSON.stringify(answer)).not.toContain('secret')
})

test('an agent is installed with its modes, and a second time nothing is touched', async () => {
  const from = await built('one')
  const done = await carryOut(from)
  expect(done).toMatchObject({ problem: null, enrolled: { host: 'web-1' } })
  expect(became(done)).toEqual(new Set(['done']))
  const version = join(root, installedPlaces.library, await current())
  for (const [name, mode] of Object.entries(installedFiles))
    expect((await lstat(join(version, name))).mode & 0o7777, name).toBe(mode)
  expect((await lstat(version)).mode & 0o7777).toBe(0o755)
  expect(await readFile(join(root, '/usr/lib/fleetmend/node'), 'utf8')).toBe('node of one\n')
  expect(machine.state).toMatchObject({ active: true, group: true })
  expect(told.filter((each) => each.startsWith('enrol'))).toEqual(['enrol with fmj1.secret'])

  const before = await tree()
  told = []
  const again = await carryOut(from)
  expect(again).toMatchObject({ steps: [], problem: null })
  expect(await tree()).toEqual(before)
  expect(told).toEqual([])
})

test('an upgrade takes the place of the old version in one step, under an apply that goes on from it', async () => {
  await carryOut(await built('one'))
  const first = await current()
  machine.now.applies = ['fleetmend-apply-a-1']
  const two = await built('two')
  const done = await carryOut(two)
  expect(done.problem).toBeNull()
  expect(await current()).not.toBe(first)
  expect(await readFile(join(root, installedPlaces.library, first, 'node'), 'utf8')).toBe('node of one\n')
  expect(done.notes.join('\n')).toContain(`${first} stays, because fleetmend-apply-a-1 is at work`)

  machine.now.applies = []
  const later = await carryOut(two)
  expect(later.steps.map(({ says }) => says)).toEqual([`remove /usr/lib/fleetmend/${first}`])
  await expect(lstat(join(root, installedPlaces.library, first))).rejects.toThrow('ENOENT')
})

test('an upgrade that does not answer is undone, and the old one serves again', async () => {
  await carryOut(await built('one'))
  const before = await tree()
  told = []
  machine.now.broken = 'two'
  const done = await carryOut(await built('two'))
  expect(done.problem).toMatchObject({ code: 'install-failed', detail: expect.stringContaining('nobody answers') })
  expect(done.problem?.detail).toContain('the host is as it was before')
  expect(done.steps.map((step) => step.became)).toContain('undone')
  expect(told.filter((each) => each.startsWith('restart'))).toHaveLength(2)
  expect(machine.state.running).toBe('node of one\n')
  const named = (lines: readonly string[]) => lines.map((line) => line.split(' ')[0])
  expect(named(await tree())).toEqual(named(before))
})

test('an installation that does not answer leaves nothing', async () => {
  machine.now.broken = 'one'
  const before = await tree()
  const done = await carryOut(await built('one'))
  expect(done.problem?.code).toBe('install-failed')
  expect(await tree()).toEqual(before)
  expect(machine.state).toMatchObject({ active: false, enabled: new Set(), group: false, fleet: null })
})

test('where enrolling fails the agent stays, and enrolling is what is left to do', async () => {
  machine.now.enrols = false
  const from = await built('one')
  const done = await carryOut(from)
  expect(done.problem).toMatchObject({
    code: 'install-not-enrolled',
    detail: expect.stringContaining('It was used before'),
  })
  expect(machine.state.active).toBe(true)
  const { steps } = await ask(from, wanted, null)
  expect(steps.map(({ says }) => says)).toEqual([
    'enrol the host, and serve its controller',
    'the line to the controller must be up',
  ])
})

test('a version that lost a byte is put again', async () => {
  const from = await built('one')
  await carryOut(from)
  const path = join(root, installedPlaces.library, await current(), 'serving.cjs')
  await writeFile(path, 'something else')
  const done = await carryOut(from)
  expect(done.problem).toBeNull()
  expect(await readFile(path, 'utf8')).toBe('serving.cjs of one\n')
  expect(await readdir(root + installedPlaces.library)).toHaveLength(5)
})

test('nothing is done that nobody has agreed to', async () => {
  const from = await built('one')
  const { digest } = await ask(from, wanted, null)
  await mkdir(join(root, 'etc/fleetmend'))
  const before = await tree()
  const done = await ask(from, wanted, digest)
  expect(done.problem?.code).toBe('install-changed')
  expect(await tree()).toEqual(before)
})

test.each([
  ['a list of approvers with a line that does not count', { approvers: '* ssh-ed25519 AAAA\n' }, 'approvers-unusable'],
  ['a list of approvers with nobody on it', { approvers: '# nobody yet\n' }, 'approvers-unusable'],
  ['a policy that cannot be kept', { policy: 'changesPerHour: often\n' }, 'policy-unusable'],
])('%s is refused before anything is done', async (_, change, code) => {
  const answer = await ask(await built('one'), { ...wanted, ...change }, null)
  expect(answer).toMatchObject({ steps: [], problem: { code } })
})

test('a purge leaves nothing, and without one the record stays', async () => {
  const before = await tree()
  const from = await built('one')
  await carryOut(from)
  const kept = await carryOut(from, { want: 'removed', purge: false })
  expect(kept.problem).toBeNull()
  expect(await readdir(join(root, 'usr/lib'))).toEqual(['systemd'])
  expect(await readdir(join(root, 'var/lib'))).toEqual(['fleetmend'])

  await carryOut(from)
  const done = await carryOut(from, removed)
  expect(done.problem).toBeNull()
  expect(await tree()).toEqual(before)
  expect(machine.state).toMatchObject({ active: false, group: false })
})
