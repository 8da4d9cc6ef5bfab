/** What there is on a host before anything is put on it: who we are there, what it runs on, and whether it has an agent. */
import { problem, type Problem } from '@fleetmend/shared'
import type { SshConnection, SshOutcome } from '@fleetmend/ssh'
import type { Architecture } from './agent-files.ts'
import { complaint, runThere, type Ran, type Words } from './far-programs.ts'

export interface SeenHost {
  readonly architecture: Architecture
  readonly uid: number
  /** A program as root: as it is, or through sudo. */
  readonly asRoot: (program: Words) => Words
  /** Where programs of this account keep what they can make again (XDG Base Directory). */
  readonly cacheFolder: string
  readonly hasSystemd: boolean
  /** The version of an agent that is installed; null: none is. */
  readonly agent: string | null
}

export async function lookAtHost(connection: SshConnection, signal: AbortSignal): Promise<SshOutcome<SeenHost>> {
  const ask = (...argv: Words) => runThere(connection, argv, { signal })
  const asked = await Promise.all([
    ask('uname', '-sm'),
    ask('getconf', 'GNU_LIBC_VERSION'),
    ask('id'),
    ask('env', '-0'),
    ask('test', '-d', '/run/systemd/system'),
    ask(installedAgent, 'version'),
    ask('sudo', '-n', 'true'),
  ])
  const failed = asked.find((each) => !each.ok)
  if (failed && !failed.ok) return failed
  const [kernel, libc, account, environment, systemd, agent, sudo] = asked.map((each) =>
    each.ok ? each.value : nothing,
  ) as [Ran, Ran, Ran, Ran, Ran, Ran, Ran]

  const architecture = architectures[/Linux (\w+)\s*$/.exec(kernel.stdout)?.[1] ?? '']
  if (architecture === undefined) return unsuited(connection, `it runs ${complaint(kernel)}`)
  const [, major, minor] = /glibc (\d+)\.(\d+)\s*$/.exec(libc.stdout) ?? []
  if (major === undefined) return unsuited(connection, 'its C library is not glibc')
  if (Number(major) === 2 && Number(minor) < oldestGlibcMinor)
    return unsuited(connection, `its glibc is ${major}.${minor}, older than 2.${oldestGlibcMinor}`)
  const uid = Number(/uid=(\d+)\([^\n]*$/.exec(account.stdout.trimEnd())?.[1] ?? Number.NaN)
  const cacheFolder = cacheFolderOf(environment.stdout)
  if (Number.isNaN(uid) || cacheFolder === null)
    return {
      ok: false,
      problem: problem(
        'ssh-no-place',
        `${connection.target.alias} does not say who logs in there, and where at home: ${complaint(account)}`,
      ),
    }
  if (uid !== 0 && !sudo.ok) return { ok: false, problem: noRoot(connection, sudo) }
  return {
    ok: true,
    value: {
      ...{ architecture, uid, cacheFolder },
      asRoot: (program) => (uid === 0 ? program : ['sudo', '-n', '--', ...program]),
      hasSystemd: systemd.ok,
      agent: agent.ok ? (/fleetmend-agent (\S+) \(Node [^\n]*$/.exec(agent.stdout.trimEnd())?.[1] ?? null) : null,
    },
  }
}

/** Where packages put it (docs/reaching-your-hosts.md). */
export const installedAgent = '/usr/bin/fleetmend-agent'

const nothing: Ran = { ok: false, stdout: '', stderr: '' }

const architectures: Readonly<Record<string, Architecture>> = { x86_64: 'x64', aarch64: 'arm64' }

/** Of the Node that is put there. */
const oldestGlibcMinor = 28

/** The last of each name: what a shell said before may look like one, or stand in front of the first. */
function cacheFolderOf(environment: string): string | null {
  const valueOf = (name: string) =>
    [...environment.matchAll(new RegExp(`(?<!\\w)${name}=(/[^\\0\\n]*)`, 'g'))].at(-1)?.[1]?.replace(/\/+$/, '')
  const home = valueOf('HOME')
  return valueOf('XDG_CACHE_HOME') ?? (home === undefined ? null : `${home}/.cache`)
}

function unsuited({ target: { alias } }: SshConnection, says: string): SshOutcome<never> {
  const toDo = 'The agent runs on Linux with glibc, on x86_64 and aarch64.'
  return { ok: false, problem: problem('ssh-host-unsuited', `The agent does not run on ${alias}: ${says}. ${toDo}`) }
}

function noRoot({ target: { alias, user } }: SshConnection, sudo: Ran): Problem {
  const asRoot = `Log in as root, where that is allowed:\n    fleetmend diagnose --ssh root@${hostPart(alias)}`
  if (/password is required|terminal is required|no tty present|must have a tty/.test(sudo.stderr))
    return problem(
      'ssh-sudo-password',
      `Looking at other services takes root, and on ${alias} sudo wants a password of ${user}, which is asked for by nobody here. Nothing was put on the host.\n\nLet ${user} become root without one, there (visudo -f /etc/sudoers.d/fleetmend):\n    ${user} ALL=(root) NOPASSWD: ALL\n\n${asRoot}`,
    )
  const why = /not found|No such file/.test(sudo.stderr) ? 'there is no sudo' : `sudo says: ${complaint(sudo)}`
  return problem(
    'ssh-no-root',
    `Looking at other services takes root. On ${alias} ${user} is not, and ${why}. Nothing was put on the host.\n\n${asRoot}`,
  )
}

function hostPart(alias: string): string {
  return alias.slice(alias.lastIndexOf('@') + 1)
}
