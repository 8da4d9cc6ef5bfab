/** Finds masters of PHP-FPM by their title, and tells those of this host from those that are not to be believed or not its own. */
import type { CouldNotTell } from '@fleetmend/shared'
import type { ProcessFacts, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { readCredentials, readFpmTitle } from '../readings/proc.ts'

export interface FpmMaster {
  readonly process: ProcessFacts
  readonly binary: string
  readonly configPath: string
}

export interface FpmMasters {
  /** Root's, or of whoever runs this agent, in the same file system as this agent. */
  readonly own: readonly FpmMaster[]
  readonly others: readonly CouldNotTell[]
}

export async function findFpmMasters(
  host: ReadHost,
  processes: readonly ProcessFacts[],
  except: ReadonlySet<number>,
): Promise<FpmMasters> {
  const named = processes.filter(({ title }) => readFpmTitle(title)?.is === 'master')
  const masters = new Set(named.map(({ pid }) => pid))
  // A worker has its master's title until it has given itself one (`fpm_children.c`), and a root and user of its own by then.
  const titled = named.filter(({ pid, parentPid }) => !except.has(pid) && !masters.has(parentPid))
  const self = await host.readFile('/proc/self/status')
  const ownUid = self.ok ? readCredentials(textOf(self.value))?.uid : undefined
  // Anybody can write this title, and what it names is run and read as whoever runs this agent.
  const believed = titled.filter(({ uid }) => uid === 0 || uid === ownUid)
  const forged = titled.filter((process) => !believed.includes(process))
  const found = await Promise.all(believed.map(async (process) => ({ process, own: await describe(host, process) })))
  const contained = found.filter(({ own }) => own === null).map(({ process }) => process)
  return {
    own: found.flatMap(({ own }) => (own ? [own] : [])).toSorted((a, b) => a.process.pid - b.process.pid),
    others: [
      ...note('of containers', contained, 'their files are not those of this host: run fleetmend-agent inside them'),
      ...note('of other users', forged, "only a master of root's, or of whoever runs fleetmend-agent, is looked into"),
    ],
  }
}

/** Null where it cannot be looked into, or has another root directory: a container's, whose paths mean other files. */
async function describe(host: ReadHost, process: ProcessFacts): Promise<FpmMaster | null> {
  const { pid, title } = process
  const exe = await host.readLink(`/proc/${pid}/exe`)
  if (!exe.ok || !(await sharesRoot(host, pid))) return null
  const read = readFpmTitle(title)
  const named = read?.is === 'master' ? read.config : ''
  const folder = named.startsWith('/') ? null : await host.readLink(`/proc/${pid}/cwd`)
  if (folder && !folder.ok) return null
  const configPath = folder ? `${folder.value.replace(/\/$/, '')}/${named}` : named
  return { process, binary: withoutDeleted(exe.value), configPath }
}

/** Whether the names that a process knows files by are those of this agent: not so in a container, or a chroot. */
export async function sharesRoot(host: ReadHost, pid: number): Promise<boolean> {
  const [its, own] = await Promise.all([host.stat(`/proc/${pid}/root/.`), host.stat('/.')])
  return its.ok && own.ok && its.value.device === own.value.device && its.value.inode === own.value.inode
}

/** The kernel marks a program whose file was replaced, as an upgrade does. */
export function withoutDeleted(exe: string): string {
  return exe.replace(/ \(deleted\)$/, '')
}

const shownAtMost = 4

function note(whose: string, processes: readonly ProcessFacts[], why: string): readonly CouldNotTell[] {
  if (processes.length === 0) return []
  const pids = processes.slice(0, shownAtMost).map(({ pid }) => pid)
  const more = processes.length > shownAtMost ? ` and ${processes.length - shownAtMost} more` : ''
  return [{ what: `the PHP-FPM ${whose} (pid ${pids.join(', ')}${more})`, why }]
}
