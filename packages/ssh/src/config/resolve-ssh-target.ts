/** What a person's word for a host means: where it is, who logs in, by which keys, through which hosts, as `ssh` would. */
import { hostname, userInfo } from 'node:os'
import { problem, safeLine, type Problem } from '@fleetmend/shared'
import { readSshConfig, type ConfigFile, type ConfigFiles } from '../readings/ssh-config.ts'
import type { ConfigPlace } from '../readings/ssh-config-error.ts'
import { readSshDestination } from '../readings/ssh-destination.ts'
import { meantBy } from '../readings/ssh-settings.ts'
import type { SshPerson } from '../readings/ssh-tokens.ts'
import type { SshOutcome } from '../ssh-connection.ts'
import type { SshDestination, SshTarget } from '../ssh-target.ts'
import { configFilesOf } from './ssh-config-files.ts'

export interface SshEnvironment {
  readonly person: SshPerson
  /** The first value that is met counts. */
  readonly configFiles: readonly ConfigFile[]
}

/** Of whoever runs this process, with the files that `ssh` takes by itself. */
export function sshEnvironment(environment: SshPerson['environment']): SshEnvironment {
  const { name, uid, home } = account(environment)
  return {
    person: { name, uid, home, machine: hostname(), environment },
    configFiles: [
      { path: `${home}/.ssh/config`, isUsers: true, isGuarded: true },
      { path: '/etc/ssh/ssh_config', isUsers: false, isGuarded: false },
    ],
  }
}

function account(environment: SshPerson['environment']): Pick<SshPerson, 'name' | 'uid' | 'home'> {
  try {
    const { username: name, uid, homedir: home } = userInfo()
    return { name, uid, home }
  } catch {
    // A number without an account, as containers run with. `ssh` would not start there.
    const uid = process.getuid?.() ?? -1
    return { name: environment['USER'] ?? String(uid), uid, home: environment['HOME'] ?? '/' }
  }
}

export function resolveSshTarget(alias: string, environment: SshEnvironment): SshOutcome<SshTarget> {
  const written = readSshDestination(alias)
  if (!written.ok) return { ok: false, problem: badTarget(alias, written.says) }
  const files = configFilesOf(environment.person.uid)
  return resolved({ alias, written: written.value, jump: null }, [], { ...environment, files })
}

interface Asked {
  readonly alias: string
  readonly written: SshDestination
  /** What comes before its own ProxyJump, as in `ssh -J`. */
  readonly jump: string | null
}

type World = SshEnvironment & { readonly files: ConfigFiles }

function resolved(asked: Asked, behind: readonly string[], world: World): SshOutcome<SshTarget> {
  const { alias, written, jump } = asked
  const question = { ...written, jump }
  const settings = readSshConfig(question, world.configFiles, world.person, world.files)
  if (!settings.ok) return { ok: false, problem: unusable(alias, settings.says, settings) }
  const meant = meantBy(settings.value, question, world.person)
  if (!meant.ok) return { ok: false, problem: unusable(alias, meant.says, meant) }
  const { jumpWords, ...target } = meant.value
  const last = jumpWords.at(-1)
  if (last === undefined) return { ok: true, value: { alias, written, ...target, jumps: [] } }

  // As `ssh` does it: the last host is reached through those before it, and the first one as it says itself.
  const next = readSshDestination(last)
  if (!next.ok) return { ok: false, problem: badTarget(last, `${next.says}; it is a ProxyJump of ${alias}`) }
  const way = [...behind, keyOf(asked)]
  const through = { alias: last, written: next.value, jump: jumpWords.slice(0, -1).join(',') || null }
  if (way.includes(keyOf(through))) return { ok: false, problem: goesRound(alias, last) }
  const jumped = resolved(through, way, world)
  if (!jumped.ok) return jumped
  const jumps = [...jumped.value.jumps, { ...jumped.value, jumps: [] }]
  const beyondSsh2 = [...new Set([...target.beyondSsh2, ...jumped.value.beyondSsh2])]
  return { ok: true, value: { alias, written, ...target, beyondSsh2, jumps } }
}

function keyOf({ written, jump }: Asked): string {
  return JSON.stringify([written.user, written.host, written.port, jump])
}

function badTarget(alias: string, says: string): Problem {
  return problem('ssh-bad-target', `Cannot reach ${safeLine(alias)}: ${safeLine(says)}.`)
}

function unusable(alias: string, says: string, { file, line }: ConfigPlace): Problem {
  const place = line === null ? safeLine(file) : `line ${line} of ${safeLine(file)}`
  return problem(
    'ssh-config-unusable',
    `Cannot tell how to reach ${safeLine(alias)}: ${place} ${safeLine(says)}. Correct it; what ssh itself makes of it is printed by:\n    ssh -G ${safeLine(alias)}`,
  )
}

function goesRound(alias: string, last: string): Problem {
  return problem(
    'ssh-config-unusable',
    `Cannot tell how to reach ${safeLine(alias)}: its ProxyJump leads through ${safeLine(last)} to itself again. Take ${safeLine(last)} out of it with a line before:\n    Host ${safeLine(last)}\n      ProxyJump none`,
  )
}
