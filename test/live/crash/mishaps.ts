/** What can happen to a host in the middle of an apply besides its end: disks, files, hands, and others who want the same. */
import { dirname } from 'node:path'
import { productionStateRoot } from '../../../packages/agent/src/state/state-paths.ts'
import { namesOf, type Host } from '../faults/host-kit.ts'
import type { Side } from './whole.ts'

export interface Mishap {
  readonly says: string
  /** The apply stands still before this; left out: it has not begun. */
  readonly before?: string
  happens(host: Host): Promise<unknown>
  /** The process that stood still is killed then. Otherwise it goes on. */
  readonly killed?: true
  readonly outcome: string
  readonly side: Side
  /** Of the problem, or of what stands in the log of its unit. */
  readonly tells?: RegExp
  /** Undone before a person follows the steps. */
  over?(host: Host): Promise<unknown>
  /** By following them the host is as it was before. */
  readonly stepsLeadBack?: boolean
  /** A folder with a file system of its own, small enough to be filled. */
  readonly smallDisk?: string
}

const { pool } = namesOf('debian12')
const state = productionStateRoot
const pools = dirname(pool)
const create = `create ${pools}/.www.conf.fleetmend-RANDOM`

export const handsLine = '; a hand was here\n'

export const mishaps: readonly Mishap[] = [
  {
    says: 'the state folder fills up before the bytes from before are stored',
    before: `mkdir ${state}/sealed/applies/APPLY`,
    smallDisk: state,
    happens: fillState,
    over: emptyState,
    outcome: 'refused',
    side: 'before',
    tells: /no space left/,
  },
  {
    says: 'the state folder fills up after the first file is written',
    before: 'journal: changed',
    smallDisk: state,
    happens: fillState,
    over: emptyState,
    outcome: 'fixed',
    side: 'after',
  },
  {
    says: 'the state folder fills up, and the apply is killed',
    before: 'journal: acting',
    smallDisk: state,
    happens: fillState,
    over: emptyState,
    killed: true,
    outcome: 'rolled-back',
    side: 'before',
  },
  {
    says: 'the state folder is lost after the first file is written',
    before: 'journal: changed',
    happens: (host) => host.must(['rm', '-rf', state]),
    outcome: 'stuck',
    side: 'after',
    tells: /journal of .* cannot be written[^]*www\.conf is as planned[^]*pm\.max_children[^]*systemctl status/,
  },
  {
    says: 'the disk of /etc fills up before the file is written',
    before: create,
    smallDisk: pools,
    happens: fillPools,
    over: emptyPools,
    outcome: 'rolled-back',
    side: 'before',
    tells: /no space left/,
  },
  {
    says: 'the disk of /etc fills up after the file is written, and the apply is killed',
    before: 'journal: acting',
    smallDisk: pools,
    happens: fillPools,
    over: emptyPools,
    killed: true,
    outcome: 'stuck',
    side: 'after',
    tells: /no space left/,
    stepsLeadBack: true,
  },
  {
    says: 'the disk of /etc turns read-only before the file is written',
    before: create,
    smallDisk: pools,
    happens: (host) => host.must(['mount', '-o', 'remount,ro', pools]),
    over: (host) => host.must(['mount', '-o', 'remount,rw', pools]),
    outcome: 'rolled-back',
    side: 'before',
    tells: /read-only/,
  },
  {
    says: 'the disk of /etc turns read-only after the file is written, and the apply is killed',
    before: 'journal: acting',
    smallDisk: pools,
    happens: (host) => host.must(['mount', '-o', 'remount,ro', pools]),
    over: (host) => host.must(['mount', '-o', 'remount,rw', pools]),
    killed: true,
    outcome: 'stuck',
    side: 'after',
    tells: /read-only/,
    stepsLeadBack: true,
  },
  {
    says: 'a person edits the file between plan and apply',
    happens: editPool,
    outcome: 'refused',
    side: 'edited',
    tells: /was edited at/,
  },
  {
    says: 'a person edits the file just before it is written',
    before: 'journal: intent',
    happens: editPool,
    outcome: 'rolled-back',
    side: 'edited',
  },
  {
    says: 'a person edits the file between change and act',
    before: 'journal: acting',
    happens: editPool,
    outcome: 'fixed',
    side: 'edited',
  },
  {
    says: 'a person edits the file between change and act, and the apply is killed',
    before: 'journal: acting',
    happens: editPool,
    killed: true,
    outcome: 'stuck',
    side: 'edited',
    tells: /somebody else has changed it[^]*install -m/,
  },
]

async function fillState(host: Host): Promise<void> {
  await host.run(['dd', 'if=/dev/zero', `of=${state}/fill`, 'bs=4k'])
}

async function emptyState(host: Host): Promise<void> {
  await host.must(['rm', '-f', `${state}/fill`])
}

async function fillPools(host: Host): Promise<void> {
  await host.run(['dd', 'if=/dev/zero', `of=${pools}/.fill`, 'bs=4k'])
}

async function emptyPools(host: Host): Promise<void> {
  await host.must(['rm', '-f', `${pools}/.fill`])
}

async function editPool(host: Host): Promise<void> {
  await host.writeFile(pool, `${await host.readFile(pool)}${handsLine}`)
}
