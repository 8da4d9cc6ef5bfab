/**
 * What one lab takes of this machine: a number, and by it a folder, a subnet, a bridge and cgroups. The folder names the
 * process that took them, so that a lab whose process was killed can be swept by the next one.
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
import { join } from 'node:path'
import { cgroupFolders, removeCgroup } from './cgroups.ts'
import { isAlive, ownIdentity, processesInCgroup, type ProcessIdentity } from './processes.ts'
import { runTool } from './tool.ts'

const labs = '/run/fleetmend-lab'

export interface Claim {
  readonly number: number
  readonly owner: ProcessIdentity
  readonly cgroups: readonly string[]
}

/** Takes the lowest free number. 10.213.N.0/24 is the lab's network. */
export function claimLab(): Claim {
  mkdirSync(labs, { recursive: true, mode: 0o700 })
  for (let number = 1; number < 250; number++) {
    // Somebody with another /run may share this network.
    if (existsSync(`/sys/class/net/${bridgeOf(number)}`)) continue
    const claim = { number, owner: ownIdentity(), cgroups: cgroupFolders(cgroupOf(number)) }
    const prepared = mkdtempSync(join(labs, '.claim-'))
    mkdirSync(join(prepared, 'hosts'))
    writeFileSync(join(prepared, 'claim.json'), JSON.stringify(claim))
    try {
      // rename(2) refuses a target that is not empty: a number is taken together with its owner's name, or not at all.
      renameSync(prepared, folderOf(number))
      return claim
    } catch {
      rmSync(prepared, { recursive: true, force: true })
    }
  }
  throw new Error(`All 249 labs are taken; see ${labs}.`)
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
    const claim = readClaim(Number(name))
    if (claim !== undefined && !isAlive(claim.owner)) await releaseLab(claim)
  }
}

/** Processes first, then what they held. Safe to repeat, and harmless where somebody else does it at the same time. */
export async function releaseLab({ number, cgroups }: Claim): Promise<void> {
  for (const pid of processesInCgroup(`${cgroupOf(number)}[-/]`)) kill(pid)
  if (existsSync(`/sys/class/net/${bridgeOf(number)}`)) await runTool(['ip', 'link', 'del', bridgeOf(number)])
  const hosts = join(folderOf(number), 'hosts')
  if (readFileSync('/proc/self/mounts', 'utf8').includes(` ${hosts} `)) await runTool(['umount', '--lazy', hosts])
  for (const cgroup of cgroups) removeCgroup(cgroup)
  rmSync(folderOf(number), { recursive: true, force: true })
}

function readClaim(number: number): Claim | undefined {
  try {
    return JSON.parse(readFileSync(join(folderOf(number), 'claim.json'), 'utf8')) as Claim
  } catch {
    return undefined
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
