/**
 * The configuration that our `ssh` is given: first what keeps it, and those that it starts for jump hosts, from asking
 * anybody and from doing more than was meant; then the person's own. The first value of a word counts (ssh_config(5)).
 */
import type { SshTarget } from '../ssh-target.ts'

export interface MasterConfig {
  /** Text of a file in `folder`. */
  readonly file: string
  /** Words of the command line. */
  readonly options: readonly string[]
  readonly destination: string
}

export interface MasterConfigOptions {
  readonly program: string
  /** The person's files; what is not there is passed over. */
  readonly configFiles: readonly string[]
  readonly keepaliveMs: number
  /** A private one, with a plain name: it becomes part of a command. */
  readonly folder: string
}

/** So many questions without an answer, and the line is dead. */
const aliveCount = 3

/** Null: a name in it is none. */
export function masterConfig(target: SshTarget, options: MasterConfigOptions): MasterConfig | null {
  const { configFiles, keepaliveMs } = options
  const jumps = target.beyondSsh2.length > 0 ? [] : target.jumps
  if (![target, ...jumps].every(({ written, user }) => plainName.test(written.host) && plainName.test(user)))
    return null
  const always: readonly Setting[] = [
    ['BatchMode', 'yes'],
    ['PermitLocalCommand', 'no'],
    ['RemoteCommand', 'none'],
    ['RequestTTY', 'no'],
    ['EscapeChar', 'none'],
    ['ForwardAgent', 'no'],
    ['ForwardX11', 'no'],
    ['Tunnel', 'no'],
    ['ClearAllForwardings', 'yes'],
    ['LogLevel', 'INFO'],
    ['ConnectTimeout', String(Math.ceil(target.connectLimitMs / 1000))],
    ['ServerAliveInterval', String(Math.ceil(keepaliveMs / 1000))],
    ['ServerAliveCountMax', String(aliveCount)],
  ]
  const hops = jumps.flatMap((jump, at) => [
    `Host ${jump.written.host}`,
    ...[...whereAndWho(jump), ...through(jumps, at, options)].map(inFile),
  ])
  const included = configFiles.map((path) => inFile(['Include', quoted(path)]))
  const asTarget = target.beyondSsh2.length > 0 ? asWritten(target) : whereAndWho(target)
  return {
    file: [...['Host *', ...always.map(inFile)], ...hops, 'Host *', ...included, ''].join('\n'),
    options: [...asTarget, ...through(jumps, jumps.length, options)].flatMap(([word, value]) => [
      '-o',
      `${word}=${value}`,
    ]),
    destination: target.written.host,
  }
}

type Setting = readonly [word: string, value: string]

/** All that is known of a host: its configuration was understood whole, or there is none. */
function whereAndWho(target: SshTarget): readonly Setting[] {
  const files = target.knownHostsFiles.map(path)
  return [
    ['HostName', path(target.hostName)],
    ['Port', String(target.port)],
    ['User', target.user],
    ...(target.hostKeyAlias === null ? [] : [['HostKeyAlias', quoted(target.hostKeyAlias)] as const]),
    ['UserKnownHostsFile', files.length === 0 ? 'none' : files.join(' ')],
    ['GlobalKnownHostsFile', 'none'],
    ['HashKnownHosts', yesOrNo(target.hashKnownHosts)],
    ['StrictHostKeyChecking', target.unknownHost === 'accept-new' ? 'accept-new' : 'yes'],
    ['IdentitiesOnly', yesOrNo(target.identitiesOnly)],
    ['IdentityAgent', target.agentSocket === null ? 'none' : path(target.agentSocket)],
    // Without one ssh would take those that it finds in the home of whoever runs this.
    ...(target.identityFiles.length === 0 ? ['none'] : target.identityFiles.map(path)).map(
      (file) => ['IdentityFile', file] as const,
    ),
  ]
}

/** What the person wrote; the rest is for ssh to find out, which understands more of its configuration than we do. */
function asWritten({ written, unknownHost }: SshTarget): readonly Setting[] {
  return [
    ...(written.port === null ? [] : [['Port', String(written.port)] as const]),
    ...(written.user === null ? [] : [['User', written.user] as const]),
    ...(unknownHost === 'accept-new' ? [['StrictHostKeyChecking', 'accept-new'] as const] : []),
  ]
}

/**
 * As ProxyJump would be, which ssh turns into this same command, but with a file for what it says: a master has no standard
 * error to give to it (sshconnect.c). The command goes through the person's shell, so it is made of plain words.
 */
function through(
  jumps: readonly SshTarget[],
  at: number,
  { program, folder }: MasterConfigOptions,
): readonly Setting[] {
  const jump = jumps[at - 1]
  if (jump === undefined) return []
  const files = `-F ${folder}/config -E ${folder}/log${at}`
  return [['ProxyCommand', `${program} ${files} -l ${jump.user} -p ${jump.port} -W '[%h]:%p' -- ${jump.written.host}`]]
}

const plainName = /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/

function inFile([word, value]: Setting): string {
  return `  ${word} ${value}`
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no'
}

/** No token is meant where a path has a percent sign. */
function path(value: string): string {
  return quoted(value.replaceAll('%', '%%'))
}

/** One argument, whatever is in it (`argv_split` in misc.c reads quotes and backslashes). */
function quoted(value: string): string {
  return /^[\w@%+=:,./~-]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}
