/** Values of ssh_config(5) as what they mean: paths with their tokens replaced, times in milliseconds, defaults filled in. */
import type { SshTarget } from '../ssh-target.ts'
import type { ConfigQuestion, ConfigValue, SshSettings } from './ssh-config.ts'
import { caught, ConfigError, type ConfigRead } from './ssh-config-error.ts'
import { isHostName, isUserName, readPort } from './ssh-destination.ts'
import { beyondSsh2 } from './ssh-keywords.ts'
import { expandPath, expandPercent, type Expanded, type SshPerson } from './ssh-tokens.ts'

export type MeantTarget = Omit<SshTarget, 'alias' | 'written' | 'jumps'> & {
  /** Hosts to go through, as they are written: the nearest first. */
  readonly jumpWords: readonly string[]
}

export function meantBy(settings: SshSettings, asked: ConfigQuestion, person: SshPerson): ConfigRead<MeantTarget> {
  return caught(() => meaning(settings, asked, person))
}

/** Without one `ssh` waits for as long as TCP does, which is minutes. */
const defaultConnectLimitMs = 15_000

function meaning(
  { values, identityFiles, hostName, unasked }: SshSettings,
  asked: ConfigQuestion,
  person: SshPerson,
): MeantTarget {
  const named = values.get('hostname')
  if (named && !isHostName(hostName)) throw new ConfigError('has a HostName that is not a name', named)
  const port = asked.port ?? one(values.get('port'), 22, readPort)
  const hostKeyAlias = values.get('hostkeyalias')?.args[0]?.toLowerCase() ?? null
  // The letters of ssh_config(5), TOKENS. %C and %j are for sockets of its own.
  const ofHost = { h: hostName, n: asked.host, k: hostKeyAlias ?? asked.host, p: String(port) }
  const ofPerson = { d: person.home, u: person.name, i: String(person.uid) }
  const ofMachine = { l: person.machine, L: person.machine.replace(/\..*$/s, '') }
  const user = userOf(values.get('user'), asked, { ...ofHost, ...ofPerson, ...ofMachine }, person)
  const tokens = { ...ofHost, ...ofPerson, ...ofMachine, r: user }
  const paths = (value: ConfigValue, words = value.args) =>
    words.map((text) => checked(expandPath(text, tokens, person), value)).filter((path) => !isNone(path))
  const inHome = (...names: readonly string[]) => names.map((name) => `${person.home.replace(/\/$/, '')}/.ssh/${name}`)

  const usersFiles = values.get('userknownhostsfile')
  const knownByUser = usersFiles ? paths(usersFiles) : inHome('known_hosts', 'known_hosts2')
  const systemsFiles = values.get('globalknownhostsfile')?.args.filter((path) => !isNone(path))
  const newKeysFile = knownByUser[0] === '/dev/null' ? null : (knownByUser[0] ?? null)
  const unknownHost = one(values.get('stricthostkeychecking'), 'refuse', unknownHostOf)
  const word = (keyword: string) => values.get(keyword)?.args[0]
  return {
    hostName,
    port,
    user,
    hostKeyAlias,
    knownHostsFiles: [...knownByUser, ...(systemsFiles ?? defaultSystemFiles)],
    newKeysFile,
    hashKnownHosts: one(values.get('hashknownhosts'), false, flag),
    identityFiles:
      identityFiles.length > 0
        ? identityFiles.flatMap((value) => paths(value, value.args.slice(0, 1)))
        : inHome(...defaultKeys),
    identitiesOnly: one(values.get('identitiesonly'), false, flag),
    agentSocket: agentSocketOf(values.get('identityagent'), tokens, person),
    // A key that is written down nowhere would be new every time: that is to trust anybody.
    unknownHost: newKeysFile === null ? 'refuse' : unknownHost,
    connectLimitMs: one(values.get('connecttimeout'), defaultConnectLimitMs, limitMs),
    jumpWords: jumpsOf(values.get('proxyjump'), asked, tokens),
    beyondSsh2: [...new Set([...beyondSsh2(word), ...unasked])],
  }
}

const defaultSystemFiles = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']
const defaultKeys = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk']

/** The only argument of a keyword, in small letters; null: it has no such meaning. */
function one<T>(value: ConfigValue | undefined, otherwise: T, read: (text: string) => T | null): T {
  if (value === undefined) return otherwise
  const [text = '', ...more] = value.args
  const meant = more.length > 0 ? null : read(text.toLowerCase())
  if (meant === null) throw new ConfigError(`has ${value.keyword} ${value.rest}, which cannot be`, value)
  return meant
}

function flag(text: string): boolean | null {
  if (['yes', 'true'].includes(text)) return true
  return ['no', 'false'].includes(text) ? false : null
}

/** `ask` is `refuse`, for nobody is asked; and what would take any key takes only the first one. */
function unknownHostOf(text: string): SshTarget['unknownHost'] | null {
  if (['yes', 'true', 'ask'].includes(text)) return 'refuse'
  return ['accept-new', 'no', 'false', 'off'].includes(text) ? 'accept-new' : null
}

const unitsS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** `30`, `1m30s` (sshd_config(5), TIME FORMATS); none and 0 leave it to us. */
function limitMs(text: string): number | null {
  if (text === 'none') return defaultConnectLimitMs
  if (!/^(?:\d+[smhdw])*\d*$/.test(text)) return null
  const seconds = [...text.matchAll(/(\d+)([smhdw]?)/g)].map(
    ([, number, unit = '']) => Number(number) * (unitsS[unit] ?? 1),
  )
  const ms = seconds.reduce((all, each) => all + each, 0) * 1000
  return Math.min(ms, longestLimitMs) || defaultConnectLimitMs
}

/** Timers take no more. */
const longestLimitMs = 2 ** 31 - 1

/** The user is known before the other tokens are, so that there is no %r in it. */
function userOf(
  value: ConfigValue | undefined,
  asked: ConfigQuestion,
  tokens: Readonly<Record<string, string>>,
  person: SshPerson,
): string {
  if (asked.user !== null || value === undefined) return asked.user ?? person.name
  const user = checked(expandPercent(value.args[0] ?? '', tokens), value)
  if (!isUserName(user)) throw new ConfigError('has a User that is not a name', value)
  return user
}

function agentSocketOf(
  value: ConfigValue | undefined,
  tokens: Readonly<Record<string, string>>,
  person: SshPerson,
): string | null {
  const text = value?.args[0] ?? 'SSH_AUTH_SOCK'
  if (value === undefined || text === 'SSH_AUTH_SOCK') return person.environment['SSH_AUTH_SOCK'] || null
  if (text === 'none') return null
  // `$NAME` is older than `${NAME}`, and stands alone.
  const [, variable] = /^\$([A-Za-z_]\w*)$/.exec(text) ?? []
  if (variable !== undefined) return person.environment[variable] || null
  return checked(expandPath(text, tokens, person), value)
}

function jumpsOf(
  value: ConfigValue | undefined,
  { jump }: ConfigQuestion,
  tokens: Readonly<Record<string, string>>,
): readonly string[] {
  if (jump !== null) return jump.split(',')
  const text = value?.rest.replace(/#.*$/s, '').trim() ?? ''
  if (value === undefined || isNone(text)) return []
  return text.split(',').map((word) => checked(expandPercent(word, tokens), value))
}

function isNone(text: string): boolean {
  return text.toLowerCase() === 'none'
}

function checked(expanded: Expanded, value: ConfigValue): string {
  if (expanded.ok) return expanded.value
  throw new ConfigError(`has ${value.keyword} ${value.rest}, and ${expanded.says}`, value)
}
