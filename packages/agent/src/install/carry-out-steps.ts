/**
 * Carries out the steps of an installation or a removal, one after the other. Where one of an installation fails, those
 * before it are undone, and what served before serves again; who has joined a fleet stays in it.
 */
import { lstat, readlink, rename, rm, rmdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { problem } from '@fleetmend/shared/problems'
import type { InstallationStep, Problem } from '@fleetmend/shared'
import { agentUnit, installedPlaces } from '@fleetmend/shared/model/installed-agent'
import { errnoOf, errnoWords } from '../host/errno.ts'
import type { Did } from '../host/host.ts'
import { replaceFile, syncDirectory } from '../host/replace-file.ts'
import { makeDirectoryDurably, removeDurably, temporaryName } from '../state/durable.ts'
import type { Services } from './services.ts'
import { fileMode, type Step } from './step.ts'
import { putVersion, removeVersion, sweepVersions, type Source } from './versions.ts'

export interface CarryingOut {
  readonly root: string
  readonly services: Services
  readonly source: Source | null
  readonly token: string | null
  readonly sleep: (ms: number) => Promise<void>
}

export interface CarriedOut {
  readonly became: readonly InstallationStep['became'][]
  readonly notes: readonly string[]
  readonly problem: Problem | null
}

/** How a step went, and what takes it back. */
type Went = { readonly ok: true; readonly undo?: () => Promise<Did>; readonly leftOut?: string } | Failed
type Failed = { readonly ok: false; readonly says: string; readonly problem?: Problem }

export async function carryOutSteps(
  steps: readonly Step[],
  task: 'install' | 'uninstall',
  doing: CarryingOut,
): Promise<CarriedOut> {
  const undos: { readonly at: number; readonly undo: () => Promise<Did> }[] = []
  const became: InstallationStep['became'][] = steps.map(() => 'to-do')
  const notes: string[] = []
  let isEnrolled = false
  const hadState = await isThere(doing.root + installedPlaces.state)
  for (const [at, step] of steps.entries()) {
    const went = await carryOut(step, doing)
    if (went.ok) {
      became[at] = went.leftOut === undefined ? 'done' : 'left-out'
      if (went.leftOut !== undefined) notes.push(went.leftOut)
      if (went.undo) undos.push({ at, undo: went.undo })
      isEnrolled ||= step.step === 'enrol'
      continue
    }
    became[at] = 'failed'
    if (task === 'uninstall') return { became, notes, problem: notRemoved(went) }
    // From here on the agent has done what it is for: without its controller it serves its socket all the same.
    if (step.step === 'enrol' || isEnrolled) return { became, notes, problem: notEnrolled(went) }
    if (step.step === 'remove-version') return { became, notes: [...notes, went.says], problem: null }
    const stuck = await undoAll(steps.slice(0, at + 1), undos, became, hadState, doing)
    return { became, notes, problem: notInstalled(went, stuck) }
  }
  return { became, notes, problem: null }
}

async function carryOut(step: Step, doing: CarryingOut): Promise<Went> {
  const { root, services, source, token, sleep } = doing
  const { library } = installedPlaces
  switch (step.step) {
    case 'make-group':
      return undoneBy(await services.makeGroup(step.group), () => services.removeGroup(step.group))
    case 'make-folder':
      return undoneBy(await makeFolder(root + step.path), () => removeFolder(root + step.path))
    case 'put-version': {
      if (source === null) throw new Error('There is nothing to put. This is a bug.')
      await sweepVersions(root + library)
      const folder = join(root + library, step.name)
      const isMended = await isThere(folder)
      const put = await putVersion(source, folder)
      return isMended ? put : undoneBy(put, () => removeVersion(folder))
    }
    case 'link':
      return undoneBy(await setLink(root + step.path, step.before, step.after), () =>
        setLink(root + step.path, step.after, step.before),
      )
    case 'write':
      return write(root + step.path, step.before, step.after)
    case 'reload-units':
      return services.reloadUnits()
    case 'enable':
      return undoneBy(await services.tell('enable', step.unit), () => services.tell('disable', step.unit))
    case 'disable':
    case 'start':
    case 'restart':
    case 'stop':
      return services.tell(step.step, step.unit)
    case 'ask-agent':
      return until(services.asksAgent, answerLimitMs, sleep)
    case 'enrol': {
      if (token === null) return { ok: false, says: 'no join token came with it' }
      const enrolled = await services.enrol(token, step.host)
      if (!enrolled.ok) return { ...enrolled, says: enrolled.problem.detail }
      // It would end by itself to begin anew as who it is now; this is sooner.
      return services.tell('restart', agentUnit)
    }
    case 'see-line':
      return until(services.line, lineLimitMs, sleep)
    case 'remove-version': {
      const why = step.unlessUsed ? await whoUses(step.name, doing) : null
      return why === null ? removeVersion(join(root + library, step.name)) : { ok: true, leftOut: why }
    }
    case 'remove-folder':
      await sweepVersions(root + library)
      return removeFolder(root + step.path)
    case 'remove-tree':
      return removeTree(root + step.path)
    case 'remove-group':
      return services.removeGroup(step.group)
  }
}

const answerLimitMs = 15_000
const lineLimitMs = 30_000
const againMs = 200

/** What has just been started needs a moment before it can be asked. */
async function until(ask: () => Promise<Did>, limitMs: number, sleep: (ms: number) => Promise<void>): Promise<Did> {
  for (let leftMs = limitMs; ; leftMs -= againMs) {
    const did = await ask()
    if (did.ok || leftMs <= 0) return did
    await sleep(againMs)
  }
}

async function whoUses(name: string, { services }: CarryingOut): Promise<string | null> {
  const [apply] = await services.applies()
  const folder = `${join(installedPlaces.library, name)}/`
  const runs = (await services.programs()).some((path) => path.startsWith(folder))
  if (apply === undefined && !runs) return null
  return `${name} stays, because ${apply === undefined ? 'a process runs from it' : `${apply} is at work`}; the next install takes it away.`
}

function undoneBy(did: Did, undo: () => Promise<Did>): Went {
  return did.ok ? { ok: true, undo } : did
}

/** What serves is stopped before its files go, and begins again when the old ones are back. Answers with what could not be undone. */
async function undoAll(
  begun: readonly Step[],
  undos: readonly { readonly at: number; readonly undo: () => Promise<Did> }[],
  became: InstallationStep['became'][],
  hadState: boolean,
  { root, services, sleep }: CarryingOut,
): Promise<readonly string[]> {
  const did = (name: Step['step']): boolean => begun.some(({ step }) => step === name)
  const stuck: string[] = []
  const note = (done: Did): void => void (done.ok || stuck.push(done.says))
  if (did('start')) note(await services.tell('stop', agentUnit))
  // What it has made of it since: a key, and a minute of samples.
  if (did('start') && !hadState) note(await removeTree(root + installedPlaces.state))
  for (const { at, undo } of undos.toReversed()) {
    const undone = await undo()
    note(undone)
    if (undone.ok) became[at] = 'undone'
  }
  if (did('reload-units')) note(await services.reloadUnits())
  if (did('restart')) {
    note(await services.tell('restart', agentUnit))
    note(await until(services.asksAgent, answerLimitMs, sleep))
  }
  return stuck
}

function notInstalled(failed: Failed, stuck: readonly string[]): Problem {
  const back =
    stuck.length === 0
      ? 'What had been done was undone, and the host is as it was before.'
      : `What had been done could not all be undone: ${stuck.join('; ')}.`
  return problem(
    'install-failed',
    `Cannot install: ${failed.says}. ${back}

What the agent said for itself is in the log of its unit:
    journalctl --unit ${agentUnit}`,
  )
}

function notEnrolled(failed: Failed): Problem {
  return problem(
    'install-not-enrolled',
    `The agent is installed and answers on its socket, but: ${failed.says}

To see what it says of its line, there:
    journalctl --unit ${agentUnit}`,
  )
}

function notRemoved(failed: Failed): Problem {
  return problem(
    'uninstall-failed',
    `Not all of it could be removed: ${failed.says}. Uninstall again once that is mended.`,
  )
}

async function makeFolder(path: string): Promise<Did> {
  return attempt(`${path} could not be made`, () => makeDirectoryDurably(path, 0o755))
}

async function removeFolder(path: string): Promise<Did> {
  return attempt(`${path} could not be removed`, async () => {
    await rmdir(path)
    await syncDirectory(dirname(path))
  })
}

async function removeTree(path: string): Promise<Did> {
  return attempt(`${path} could not be removed`, () => removeDurably(path))
}

/** In one step from one target to the other: there is no moment without one. */
async function setLink(path: string, before: string | null, after: string | null): Promise<Did> {
  return attempt(`${path} could not be set`, async () => {
    const found = await readlink(path).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return null
      throw error
    })
    if (found !== before) throw new Error('it was changed meanwhile')
    if (after === null) await rm(path, { force: true })
    else {
      const temporary = temporaryName(path)
      await symlink(after, temporary)
      await rename(temporary, path).catch(async (error: unknown) => {
        await rm(temporary, { force: true })
        throw error
      })
    }
    await syncDirectory(dirname(path))
  })
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null
}

async function write(path: string, before: string | null, after: string | null): Promise<Went> {
  if (after === null) return removeFile(path)
  const written = await replaceFile(path, Buffer.from(after), { mode: fileMode, uid: ownUid(), gid: ownGid() })
  if (!written.ok) return written
  const undo = async (): Promise<Did> => {
    if (before !== null) return replaceFile(path, Buffer.from(before), { mode: fileMode, uid: ownUid(), gid: ownGid() })
    const removed = await removeFile(path)
    for (const folder of (written.madeDirectories ?? []).toReversed()) if (removed.ok) await removeFolder(folder)
    return removed
  }
  return { ok: true, undo }
}

async function removeFile(path: string): Promise<Did> {
  return attempt(`${path} could not be removed`, async () => {
    if ((await lstat(path)).isDirectory()) throw new Error('it is a folder')
    await rm(path)
    await syncDirectory(dirname(path))
  })
}

/** Root, on a real host. */
function ownUid(): number {
  return process.geteuid?.() ?? 0
}

function ownGid(): number {
  return process.getegid?.() ?? 0
}

async function attempt(what: string, work: () => Promise<void>): Promise<Did> {
  try {
    await work()
    return { ok: true }
  } catch (error) {
    return { ok: false, says: `${what}: ${errnoWords(error)}` }
  }
}
