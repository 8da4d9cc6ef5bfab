/**
 * What one lab takes of this machine: a number, and by it a folder, a subnet, a bridge and cgroups. A file in the folder
 * is named by the process that took them, so that a lab whose process was killed can be swept by exactly one other.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { cgroupFolders, removeCgroup } from './cgroups.ts'
import { isAlive, ownIdentity, processesInCgroup, type ProcessIdentity } from './processes.ts'
import { runTool } from './tool.ts'

const labs = '/run/fleetmend-lab'

export interface Claim {
  readonly number: number
  readonly cgroups: readonly string[]
}

/** Takes the lowest free number from the given one on. 10.213.N.0/24 is the lab's network. */
export function claimLab(lowest = 1): Claim {
  mkdirSync(labs, { recursive: true, mode: 0o700 })
  for (let number = lowest; number < 250; number++) {
    // Somebody with another /run may share this network.
    if (existsSync(`/sys/class/net/${bridgeOf(number)}`)) continue
    const claim = { number, cgroups: cgroupFolders(cgroupOf(number)) }
    const prepared = mkdtempSync(join(labs, '.claim-'))
    mkdirSync(join(prepared, 'hosts'))
    writeFileSync(join(prepared, claimFileOf(ownIdentity())), JSON.stringify(claim))
    try {
      // rename(2) refuses a target that is not empty: a number is taken together with its owner's name, or not at all.
      renameSync(prepared, folderOf(number))
      return claim
    } catch {
      rmSync(prepared, { recursive: true, force: true })
    }
  }
  throw new Error(`All labs from ${lowest} to 249 are taken; see ${labs}.`)
}

export function folderOf(number: number): string {
  return join(labs, String(number))
}

/** The cgroup of a lab, and how the names of its scopes begin where systemd makes the cgroups. */
export function cgroupOf(number: number): string {
  return `fleetmend-lab-${number}`
}

export function bridgeOf(number: number): string {
  return `flm-br${number}`
}

/** Ends and removes whatever labs of dead processes left behind. */
export async function sweepDeadLabs(): Promise<void> {
  if (!existsSync(labs)) return
  for (const name of readdirSync(labs).filter((entry) => /^\d+$/.test(entry))) {
    const claim = takeOver(join(labs, name))
    if (claim !== undefined) await releaseLab(claim)
  }
}

/**
 * The claim of a dead process, renamed to be this one's. Of several that sweep at once only one finds the old name: a
 * number that was swept may be somebody else's lab already, and must not be swept again.
 */
function takeOver(folder: string): Claim | undefined {
  try {
    const file = readdirSync(folder).find((name) => claimFile.test(name))
    const [, pid, startTicks] = claimFile.exec(file ?? '') ?? []
    if (file === undefined || isAlive({ pid: Number(pid), startTicks: Number(startTicks) })) return undefined
    const own = join(folder, claimFileOf(ownIdentity()))
    renameSync(join(folder, file), own)
    return JSON.parse(readFileSync(own, 'utf8')) as Claim
  } catch {
    return undefined
  }
}

const claimFile = /^claim-(\d+)-(\d+)\.json$/

function claimFileOf({ pid, startTicks }: ProcessIdentity): string {
  return `claim-${pid}-${startTicks}.json`
}

/** Processes first, then what they held, at last the number. */
export async function releaseLab({ number, cgroups }: Claim): Promise<void> {
  for (const pid of processesInCgroup(`${cgroupOf(number)}[-/]`)) kill(pid)
  if (existsSync(`/sys/class/net/${bridgeOf(number)}`)) await runTool(['ip', 'link', 'del', bridgeOf(number)])
  const hosts = join(folderOf(number), 'hosts')
  if (readFileSync('/proc/self/mounts', 'utf8').includes(` ${hosts} `)) await runTool(['umount', '--lazy', hosts])
  for (const cgroup of cgroups) removeCgroup(cgroup)
  // Away first: a folder that is half removed is empty, and an empty one can be taken.
  const away = join(mkdtempSync(join(labs, '.released-')), 'lab')
  renameSync(folderOf(number), away)
  rmSync(dirname(away), { recursive: true, force: true })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
