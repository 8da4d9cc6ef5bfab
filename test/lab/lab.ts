/**
 * Real hosts for tests and the demo: systemd, nginx, PHP-FPM and sshd, each in a container of its own on a throw-away
 * layer above a shared Debian tree, joined by a bridge. A lab takes nothing but what its claim names, and gives it back.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lowerLayers } from './base-tree.ts'
import { bridgeOf, cgroupOf, claimLab, folderOf, releaseLab, sweepDeadLabs, type Claim } from './claim.ts'
import { liveHost, type LiveHost } from './live-host.ts'
import { runtimeHere } from './node-on-host.ts'
import { must } from './tool.ts'
import type { Release } from './tree-recipes.ts'

export interface Lab extends AsyncDisposable {
  /** This machine's address on the hosts' network: where a controller listens. */
  readonly address: string
  boot(options: BootOptions): Promise<LiveHost>
}

export interface BootOptions {
  /** What the host calls itself. Unique in its lab. */
  readonly name: string
  readonly release?: Release
  /** Nothing of ours is there: not even Node, which others have at hand for an agent. */
  readonly isBare?: true
  /** Debian packages beside those of every web host, such as a Python for those who ask hosts by one. */
  readonly also?: readonly string[]
}

/** All hosts' layers together; what they write there is memory of this machine. */
const layersMiB = 2048

/** Labs take the lowest free number: who looks at what a lab leaves behind begins where no other takes its number then. */
export async function openLab({ lowestNumber }: { readonly lowestNumber?: number } = {}): Promise<Lab> {
  await sweepDeadLabs()
  const claim = claimLab(lowestNumber)
  const hosts: LiveHost[] = []
  const network = `10.213.${claim.number}`
  const close = async (): Promise<void> => {
    await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]()))
    await linksGone(claim)
    await releaseLab(claim)
  }
  try {
    await mountLayers(join(folderOf(claim.number), 'hosts'))
    await addBridge(bridgeOf(claim.number), `${network}.1/24`)
  } catch (error) {
    await close()
    throw error
  }
  let booted = 0
  return {
    address: `${network}.1`,
    boot: async ({ name, release = 'debian12', isBare, also }) => {
      // A network has 254 addresses; few hosts are there at once.
      const host = liveHost(`${network}.${10 + (booted++ % 240)}`, {
        machine: `flm${claim.number}-${name}`,
        name,
        machineId: randomBytes(16).toString('hex'),
        lowerLayers: await lowerLayers(release, undefined, also),
        folder: join(folderOf(claim.number), 'hosts', name),
        bridge: bridgeOf(claim.number),
        scope: `${cgroupOf(claim.number)}-${name}`,
        cgroups: claim.cgroups.map((folder) => join(folder, name)),
        laid: isBare ? {} : runtimeHere(),
      })
      hosts.push(host)
      await host.powerOn()
      return host
    },
    [Symbol.asyncDispose]: close,
  }
}

/** One host in a lab of its own; both end together. */
export async function bootHost(options: BootOptions | string): Promise<LiveHost> {
  const lab = await openLab()
  try {
    const host = await lab.boot(typeof options === 'string' ? { name: options } : options)
    // A getter that was spread would be a number that stays when the host gets another.
    const disposal = { [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() }
    return Object.defineProperties({ ...host, ...disposal }, { leaderPid: { get: () => host.leaderPid } })
  } catch (error) {
    await lab[Symbol.asyncDispose]()
    throw error
  }
}

/** In memory: hosts write as fast as they can, and nothing of it outlives the lab. */
async function mountLayers(folder: string): Promise<void> {
  await must(['mount', '-t', 'tmpfs', '-o', `size=${layersMiB}m,mode=0700`, 'fleetmend-lab', folder])
}

async function addBridge(bridge: string, address: string): Promise<void> {
  const input = `link add ${bridge} type bridge\naddr add ${address} dev ${bridge}\nlink set ${bridge} up\n`
  await must(['ip', '-batch', '-'], { input })
}

/** A host's link goes with its network namespace, which the kernel takes apart a moment after the last process. */
async function linksGone({ number }: Claim, limitMs = 3000): Promise<void> {
  const gone = (): boolean => !readdirSync('/sys/class/net').some((name) => name.startsWith(`vb-flm${number}-`))
  for (const endMs = Date.now() + limitMs; !gone() && Date.now() < endMs;) await sleep(10)
}
