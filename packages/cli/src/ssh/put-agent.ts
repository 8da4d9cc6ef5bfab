/**
 * Puts the agent into a folder of its own on a host, which only the account that logs in can enter, and takes it away
 * again. A folder is used by one session alone, so that none takes it away from another; one that is kept is named after
 * what is in it, and used by all. What is in a folder is compared with what we have before each use.
 */
import { randomBytes } from 'node:crypto'
import { safeLine, problem, type Problem } from '@fleetmend/shared'
import type { SshConnection, SshOutcome } from '@fleetmend/ssh'
import { agentCommand, runtimeCommand } from './agent-command.ts'
import type { AgentFiles } from './agent-files.ts'
import { complaint, runThere, type FarOptions, type Ran, type Words } from './far-programs.ts'
import { holdsFiles } from './holds-files.ts'
import type { SeenHost } from './look-at-host.ts'

export interface PutAgent {
  /** The program and the words in front of a subcommand. */
  readonly command: Words
  /** Where it is, for a session that goes on over another connection; null: where it is kept. */
  readonly place: PutPlace | null
  /** Null: it is gone, with all that was made for it; otherwise why it is still there. */
  remove(): Promise<string | null>
}

export interface PutPlace {
  readonly folder: string
  /** What had to be made for it, itself included, the outermost first. */
  readonly made: readonly string[]
}

export interface PutOptions {
  readonly signal: AbortSignal
  readonly keep: boolean
  /** A folder there that may have some of it already. */
  readonly near: string
  /** Where a connection that broke has left it. */
  readonly left?: PutPlace | null
  /** Whether an apply may run from there, which then outlives the session. */
  readonly canApply: boolean
  /** How much of how much has left this computer. */
  readonly sent: (bytes: number, ofBytes: number) => void
}

export async function putAgent(
  connection: SshConnection,
  { uid, cacheFolder }: SeenHost,
  agent: AgentFiles,
  { signal, keep, near, left = null, canApply, sent }: PutOptions,
): Promise<SshOutcome<PutAgent>> {
  const there = (argv: Words, options: Partial<FarOptions> = {}) => runThere(connection, argv, { signal, ...options })
  const ours = `${cacheFolder}/fleetmend`
  const kept = `${ours}/${agent.digest}`

  const isKept = await isOurs(kept)
  if (!isKept.ok) return isKept
  const isThere = { command: agentCommand(kept), place: null, remove: async () => null }
  if (isKept.value) return { ok: true, value: isThere }

  const isLeft = left !== null && (await isOursSurely(left.folder))
  const mine = isLeft ? left.folder : `${kept}.${randomBytes(6).toString('hex')}`
  const made = isLeft ? [...left.made] : []
  const forNow = { command: agentCommand(mine), place: { folder: mine, made }, remove }
  if (isLeft) return { ok: true, value: forNow }
  for (const folder of [cacheFolder, ours, mine]) {
    const ran = await there(['mkdir', '-m', '700', folder])
    if (!ran.ok) return ran
    if (ran.value.ok) made.push(folder)
    else if (folder === mine) return { ok: false, problem: notPut(ran.value) }
  }
  const put = await fill(mine).catch(async (error: unknown) => {
    // Whoever waits no longer still leaves nothing there.
    await takeAway()
    throw error
  })
  if (!put.ok) {
    await takeAway()
    return put
  }
  if (!keep) return { ok: true, value: forNow }
  const old = await there(['rm', '-r', '-f', kept])
  const moved = old.ok ? await there(['mv', '-T', mine, kept]) : old
  // Whoever else keeps it at the same moment keeps the same.
  const isKeptNow = moved.ok && (moved.value.ok || (await isOursSurely(kept)))
  if (!isKeptNow) return { ok: true, value: forNow }
  if (!moved.value.ok) await there(['rm', '-r', '-f', mine])
  return { ok: true, value: isThere }

  /** What would be noticed only when all of it has arrived, which may take minutes. */
  async function obstacle(folder: string): Promise<SshOutcome<null>> {
    const probe = `${folder}/probe`
    const [room, copied] = await Promise.all([there(['df', '-P', '-k', folder]), there(['cp', '/bin/true', probe])])
    if (!room.ok) return room
    if (!copied.ok) return copied
    const freeKiB = /^\S+\s+\d+\s+\d+\s+(\d+)\s/.exec(room.value.stdout.trimEnd().split('\n').at(-1) ?? '')?.[1]
    if (freeKiB !== undefined && Number(freeKiB) < neededMiB * 1024)
      return { ok: false, problem: noRoom(folder, Number(freeKiB)) }
    const starts = await there([probe])
    if (!starts.ok) return starts
    const cleared = await there(['rm', '-f', probe])
    if (!cleared.ok) return cleared
    return starts.value.ok || !copied.value.ok
      ? { ok: true, value: null }
      : { ok: false, problem: notStarting(starts.value) }
  }

  async function fill(folder: string): Promise<SshOutcome<null>> {
    const hindered = await obstacle(folder)
    if (!hindered.ok) return hindered
    const taken = await takeFrom(near, folder)
    if (!taken.ok) return taken
    const packed = await agent.packed(agent.files.map(({ name }) => name).filter((name) => !taken.value.includes(name)))
    const input = counted(packed, (bytes) => sent(bytes, packed.length))
    const unpacked = await there(['tar', '-xz', '-f', '-', '-C', folder], { input, limitMs: uploadLimitMs })
    if (!unpacked.ok) return unpacked
    if (!unpacked.value.ok) return { ok: false, problem: notPut(unpacked.value) }
    const arrived = await holdsFiles(connection, folder, agent, signal)
    if (!arrived.ok) return arrived
    if (!arrived.value)
      return { ok: false, problem: notPut({ stdout: '', stderr: 'what arrived is not what was sent' }) }
    const starts = await there([...runtimeCommand(folder), '--version'])
    if (!starts.ok) return starts
    return starts.value.ok ? { ok: true, value: null } : { ok: false, problem: notStarting(starts.value) }
  }

  /** The names of what the host has already, byte for byte, and has put there itself: of an upgrade most is as it was. */
  async function takeFrom(source: string, folder: string): Promise<SshOutcome<readonly string[]>> {
    const summed = await there(['sha256sum', '--', ...agent.files.map(({ name }) => `${source}/${name}`)])
    if (!summed.ok) return summed
    const sums = new Set(summed.value.stdout.split('\n'))
    const same = agent.files
      .filter(({ name, sha256 }) => sums.has(`${sha256}  ${source}/${name}`))
      .map(({ name }) => name)
    if (same.length === 0) return { ok: true, value: [] }
    const copied = await there([
      'cp',
      '--preserve=mode',
      '-t',
      folder,
      '--',
      ...same.map((name) => `${source}/${name}`),
    ])
    // What was not copied, or in part, is sent over it.
    return copied.ok ? { ok: true, value: copied.value.ok ? same : [] } : copied
  }

  /** With what we have in it, where nobody else can put something else. */
  async function isOurs(folder: string): Promise<SshOutcome<boolean>> {
    const [isGood, isPrivate] = await Promise.all([
      holdsFiles(connection, folder, agent, signal),
      onlyMine([ours, folder]),
    ])
    if (!isGood.ok) return isGood
    return isPrivate.ok ? { ok: true, value: isGood.value && isPrivate.value } : isPrivate
  }

  async function isOursSurely(folder: string): Promise<boolean> {
    const is = await isOurs(folder)
    return is.ok && is.value
  }

  /** A folder that others can write to could hold something else by the time it is run. */
  async function onlyMine(folders: readonly string[]): Promise<SshOutcome<boolean>> {
    const ran = await there(['stat', '-c', 'found: %u %a %F', ...folders])
    if (!ran.ok) return ran
    // The first may stand behind what a shell says.
    const found = [...ran.value.stdout.matchAll(/found: (.*)$/gm)].slice(-folders.length)
    return { ok: true, value: ran.value.ok && found.every(([, is]) => is === `${uid} 700 directory`) }
  }

  async function remove(): Promise<string | null> {
    const end = AbortSignal.timeout(unitEndsMs + removeLimitMs)
    if (canApply && (await isApplying(end)))
      return `an apply is still at work and runs from ${mine}; the next session takes that away when it is a day old`
    return takeAway()
  }

  async function takeAway(): Promise<string | null> {
    const end = { signal: AbortSignal.timeout(removeLimitMs) }
    const removed = await there(['rm', '-r', '-f', mine], end)
    if (!removed.ok) return removed.problem.detail
    if (!removed.value.ok) return complaint(removed.value)
    // What sessions have left that were cut off.
    await there(
      [
        'find',
        ours,
        '-mindepth',
        '1',
        '-maxdepth',
        '1',
        '-name',
        '*.*',
        '-mmin',
        '+1440',
        '-exec',
        'rm',
        '-r',
        '-f',
        '{}',
        '+',
      ],
      end,
    )
    for (const folder of [ours, cacheFolder]) if (made.includes(folder)) await there(['rmdir', folder], end)
    return null
  }

  /** Also for the moment in which its unit looks whether anything is left to be finished. */
  async function isApplying(until: AbortSignal): Promise<boolean> {
    const units = ['fleetmend-apply-*', 'fleetmend-rollback-*']
    for (const endMs = Date.now() + unitEndsMs; ;) {
      const listed = await there(['systemctl', 'list-units', '--plain', '--no-legend', ...units], { signal: until })
      if (!listed.ok || !/^\s*fleetmend-(apply|rollback)-/m.test(listed.value.stdout)) return !listed.ok
      if (Date.now() > endMs) return true
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
}

/** Unpacked, and a little for what it does there. */
const neededMiB = 160

const uploadLimitMs = 30 * 60_000
const removeLimitMs = 15_000
const unitEndsMs = 10_000
const chunkBytes = 256 * 1024

async function* counted(bytes: Buffer, sent: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    sent(at)
    yield bytes.subarray(at, at + chunkBytes)
  }
  sent(bytes.length)
}

function notPut(ran: Pick<Ran, 'stdout' | 'stderr'>): Problem {
  const says = complaint(ran)
  const full = /[^\n]*(No space left|Disk quota exceeded)/.exec(ran.stderr)?.[0]
  if (full !== undefined)
    return problem(
      'ssh-no-room',
      `The agent takes ${neededMiB} MiB while it is there, and there is no room: ${safeLine(full.trim())}. What had arrived was taken away. ${makeRoom}`,
    )
  return problem(
    'ssh-no-place',
    `The agent could not be put there: ${says}.\n\nLog in as somebody who has a home there, or install the agent.`,
  )
}

function noRoom(folder: string, freeKiB: number): Problem {
  const free = `${Math.floor(freeKiB / 1024)} MiB are free in ${safeLine(folder)}`
  return problem(
    'ssh-no-room',
    `The agent takes ${neededMiB} MiB while it is there, and ${free}. Nothing was put there. ${makeRoom}`,
  )
}

const makeRoom = 'Make room there, or log in as somebody whose home has some.'

/** What kept the runtime, or the agent with it, from starting. */
export function notStarting(ran: Pick<Ran, 'stdout' | 'stderr'>): Problem {
  const says = complaint(ran)
  const library = /error while loading shared libraries: ([\w.+-]+)/.exec(ran.stderr)?.[1]
  if (library !== undefined)
    return problem(
      'ssh-host-unsuited',
      `The runtime of the agent needs ${safeLine(library)}, which this host does not have. On Debian and Ubuntu, there:\n    apt-get install libstdc++6`,
    )
  if (/Permission denied/.test(ran.stderr))
    return problem(
      'ssh-no-place',
      `Nothing may be started from home there (a file system that is mounted noexec): ${says}. What had been put there was taken away.\n\nLog in as somebody whose home is elsewhere, or install the agent.`,
    )
  return problem('ssh-agent-not-started', `The agent was put there and does not start: ${says}.`)
}
