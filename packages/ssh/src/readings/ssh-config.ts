/**
 * What the files of ssh_config(5) say about one host: of each keyword the first value that is met counts. Includes are
 * read where they stand, through a function, so that this stays a reading.
 */
import { isIPv6, SocketAddress } from 'node:net'
import { matchesPattern, matchesPatternList } from './host-pattern.ts'
import { caught, ConfigError, type ConfigPlace, type ConfigRead } from './ssh-config-error.ts'
import { readConfigLine } from './ssh-config-line.ts'
import { keywordOf } from './ssh-keywords.ts'
import { matchConditions } from './ssh-match.ts'
import { expandPath, expandPercent, type SshPerson } from './ssh-tokens.ts'

export interface ConfigFile {
  readonly path: string
  /** The person's, whose relative includes are in ~/.ssh; those of the machine's are beside it. */
  readonly isUsers: boolean
  /** Only the person and root may be able to write it. */
  readonly isGuarded: boolean
}

export interface ConfigFiles {
  /** Null: it is not there, which is no mistake. */
  text(
    path: string,
    isGuarded: boolean,
  ): { readonly ok: true; readonly value: string | null } | { readonly ok: false; readonly says: string }
  /** As glob(3), in its order. */
  matching(pattern: string): readonly string[]
}

/** What was asked for; what is not null comes before all configuration. */
export interface ConfigQuestion {
  readonly host: string
  readonly user: string | null
  readonly port: number | null
  /** As in `ssh -J`. */
  readonly jump: string | null
}

export interface ConfigValue extends ConfigPlace {
  readonly keyword: string
  readonly args: readonly string[]
  readonly rest: string
}

export interface SshSettings {
  readonly values: ReadonlyMap<string, ConfigValue>
  readonly identityFiles: readonly ConfigValue[]
  readonly hostName: string
  /** Conditions that were not looked at, as `Match exec`. */
  readonly unasked: readonly string[]
}

interface Reading {
  readonly asked: ConfigQuestion
  readonly person: SshPerson
  readonly files: ConfigFiles
  readonly values: Map<string, ConfigValue>
  readonly identityFiles: ConfigValue[]
  readonly unasked: Set<string>
  wantsFinal: boolean
}

/** What `Host` lines are held against: first what was asked for, then, where a second pass is wanted, what came of it. */
interface Pass {
  readonly host: string
  readonly isFinal: boolean
}

interface Section extends ConfigFile {
  /** Included where nothing applies: it has to be right, and says nothing. */
  readonly isMute: boolean
  readonly depth: number
}

export function readSshConfig(
  asked: ConfigQuestion,
  start: readonly ConfigFile[],
  person: SshPerson,
  files: ConfigFiles,
): ConfigRead<SshSettings> {
  const [values, identityFiles, unasked] = [new Map<string, ConfigValue>(), [], new Set<string>()]
  const reading: Reading = { asked, person, files, values, identityFiles, unasked, wantsFinal: false }
  const readAll = (pass: Pass) => {
    for (const file of start) readFile(reading, pass, { ...file, isMute: false, depth: 0 }, true)
  }
  return caught(() => {
    readAll({ host: asked.host, isFinal: false })
    const hostName = settled(nameSoFar(reading, asked.host))
    const canonicalize = values.get('canonicalizehostname')?.args[0]?.toLowerCase() ?? 'no'
    if (reading.wantsFinal || canonicalize !== 'no') readAll({ host: hostName, isFinal: true })
    return { values, identityFiles, hostName, unasked: [...unasked] }
  })
}

/** As READCONF_MAX_DEPTH in readconf.c. */
const maxDepth = 16

function readFile(reading: Reading, pass: Pass, section: Section, appliesAtFirst: boolean): void {
  const { path, depth } = section
  const whole = { file: path, line: null }
  if (depth > maxDepth) throw new ConfigError('is included too deep; it may include itself', whole)
  const text = reading.files.text(path, section.isGuarded)
  if (!text.ok) throw new ConfigError(`cannot be read: ${text.says}`, whole)
  let applies = appliesAtFirst
  for (const [index, content] of (text.value ?? '').split('\n').entries()) {
    const place = { file: path, line: index + 1 }
    const line = readConfigLine(content)
    if (line.kind === 'nothing') continue
    if (line.kind === 'odd') throw new ConfigError(line.says, place)
    const keyword = keywordOf(line.keyword)
    if (keyword === null) {
      const ignored = reading.values.get('ignoreunknown')?.args[0]?.toLowerCase() ?? ''
      if (matchesPatternList(line.keyword, ignored)) continue
      throw new ConfigError(`has ${line.keyword}, which no ssh knows (IgnoreUnknown lets such be)`, place)
    }
    const value = { ...place, keyword, args: line.args, rest: line.rest }
    if (keyword === 'host') applies = isHostOf(value, pass.host) && !section.isMute
    else if (keyword === 'match') applies = isMatch(reading, pass, value) && !section.isMute
    else if (keyword === 'include') include(reading, pass, section, value, applies)
    else if (applies) keep(reading, value)
  }
}

function isHostOf({ args, file, line }: ConfigValue, host: string): boolean {
  if (args.includes('')) throw new ConfigError('has an empty pattern', { file, line })
  const isLeftOut = args.some((each) => each.startsWith('!') && matchesPattern(host, each.slice(1)))
  return !isLeftOut && args.some((each) => !each.startsWith('!') && matchesPattern(host, each))
}

function isMatch(reading: Reading, pass: Pass, value: ConfigValue): boolean {
  const { asked, person, values } = reading
  const matched = matchConditions(value.args, {
    host: pass.isFinal ? pass.host : nameSoFar(reading, pass.host),
    originalHost: asked.host,
    user: asked.user ?? values.get('user')?.args[0] ?? person.name,
    localUser: person.name,
    tag: values.get('tag')?.args[0] ?? '',
    isFinal: pass.isFinal,
  })
  if (!matched.ok) throw new ConfigError(matched.says, value)
  reading.wantsFinal ||= matched.wantsFinal
  for (const each of matched.unasked) reading.unasked.add(each)
  return matched.matches
}

function include(reading: Reading, pass: Pass, section: Section, value: ConfigValue, applies: boolean): void {
  const { person, asked } = reading
  for (const word of value.args) {
    const tokens = {
      d: person.home,
      h: nameSoFar(reading, pass.host),
      n: asked.host,
      u: person.name,
      i: String(person.uid),
    }
    const path = expandPath(word, tokens, person)
    if (word.startsWith('~') && !section.isUsers) throw new ConfigError("includes what is in somebody's home", value)
    if (!path.ok) throw new ConfigError(`includes ${word}, and ${path.says}`, value)
    const folder = section.isUsers ? `${person.home}/.ssh` : '/etc/ssh'
    const pattern = path.value.startsWith('/') ? path.value : `${folder}/${path.value}`
    for (const found of reading.files.matching(pattern)) {
      const inner = {
        path: found,
        isUsers: section.isUsers,
        isGuarded: true,
        isMute: section.isMute || !applies,
        depth: section.depth + 1,
      }
      readFile(reading, pass, inner, applies)
    }
  }
}

/** The first value stays. Of a command and a jump, whichever comes first is the only one (ssh_config(5), ProxyJump). */
function keep({ values, identityFiles, asked }: Reading, value: ConfigValue): void {
  const { keyword } = value
  if (keyword === 'identityfile') {
    if (!identityFiles.some(({ args }) => args[0] === value.args[0])) identityFiles.push(value)
    return
  }
  const hasJump = asked.jump !== null || values.has('proxyjump')
  if (keyword === 'proxycommand' && hasJump) return
  if (keyword === 'proxyjump' && (asked.jump !== null || values.has('proxycommand'))) return
  if (!values.has(keyword)) values.set(keyword, value)
}

function nameSoFar({ values }: Reading, host: string): string {
  const value = values.get('hostname')
  if (value === undefined) return host
  const name = expandPercent(value.args[0] ?? '', { h: host })
  if (!name.ok) throw new ConfigError(`has a HostName that cannot be understood: ${name.says}`, value)
  return name.value
}

/** In small letters, and an address of IPv6 in the one form that known_hosts has of it. */
function settled(name: string): string {
  return isIPv6(name) && !name.includes('%')
    ? new SocketAddress({ address: name, family: 'ipv6' }).address
    : name.toLowerCase()
}
