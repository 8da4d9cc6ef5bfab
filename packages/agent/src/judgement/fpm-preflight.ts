/**
 * What `php-fpm -t` does not test but what kills the master when it reads its configuration anew: sockets are bound,
 * names are looked up and directories are entered only then (reference A.8). Pure; what could not be read is said.
 */
import { isIPv4 } from 'node:net'
import type { SocketAddress } from '../host/host.ts'
import type { FpmConfig, FpmDirective, FpmPool } from '../readings/fpm-config.ts'
import { listenAddress } from '../readings/fpm-values.ts'
import { canonicalIpv6 } from '../readings/local-addresses.ts'

/** What is at a path that FPM will need as a directory. */
export type DirectoryFacts = 'writable' | 'read-only' | 'missing' | 'not-a-directory' | { readonly unreadable: string }

export interface PreflightFacts {
  readonly directories: ReadonlyMap<string, DirectoryFacts>
  /** Socket paths at which a directory stands. */
  readonly blockedPaths: ReadonlySet<string>
  /** Who listens where; `own`: this master or its workers. A reload inherits those sockets and binds nothing. */
  readonly listeners: { readonly address: SocketAddress; readonly own: boolean }[] | { readonly unreadable: string }
  /** Null where the kernel lets processes bind foreign addresses, or where the list could not be read. */
  readonly localAddresses: ReadonlySet<string> | null
  readonly users: Names
  readonly groups: Names
  readonly mayRunAsRoot: boolean
  /** `fs.nr_open`: root cannot raise a limit of open files above it. */
  readonly openFilesLimit: number | null
}

/** `complete`: a name that is not here does not exist (no LDAP or the like is asked). */
export interface Names {
  readonly known: ReadonlySet<string>
  readonly complete: boolean
}

export interface Preflight {
  /** Each would kill the master. */
  readonly fails: readonly string[]
  readonly couldNotTell: readonly string[]
}

export function judgePreflight(config: FpmConfig, prefix: string, facts: PreflightFacts): Preflight {
  const says: Said[] = [...globalProblems(config, facts)]
  for (const pool of config.pools) {
    for (const { name, value } of listensOf(pool)) says.push(...listenProblems(pool, name, value, prefix, facts))
    says.push(...variableProblems(pool), ...accountProblems(pool, facts))
  }
  const distinct = [...new Map(says.map((each) => [each.says, each])).values()]
  return {
    fails: distinct.filter((each) => each.certain).map((each) => each.says),
    couldNotTell: distinct.filter((each) => !each.certain).map((each) => each.says),
  }
}

/** Every directory and socket path that has to be looked at before judging. */
export function preflightPaths(
  config: FpmConfig,
  prefix: string,
): { readonly directories: readonly string[]; readonly sockets: readonly string[] } {
  const sockets = config.pools.flatMap((pool) =>
    listensOf(pool).flatMap(({ value }) => {
      const address = listenAddress(value, pool.name, prefixOf(pool, prefix))
      return address?.startsWith('unix:') ? [address.slice('unix:'.length)] : []
    }),
  )
  const pid = pidFile(config)
  const files = pid === null ? sockets : [...sockets, pid]
  return { directories: [...new Set(files.map(directoryOf))], sockets: [...new Set(sockets)] }
}

interface Said {
  readonly certain: boolean
  readonly says: string
}

const fails = (says: string): Said => ({ certain: true, says })
const unsure = (says: string): Said => ({ certain: false, says })

function globalProblems(config: FpmConfig, facts: PreflightFacts): readonly Said[] {
  const pid = pidFile(config)
  const wanted = Number(known(config.global.get('rlimit_files')))
  const limit = facts.openFilesLimit
  return [
    ...(pid === null ? [] : directoryProblems(`pid = ${pid}`, directoryOf(pid), facts)),
    ...(limit !== null && wanted > limit
      ? [fails(`rlimit_files = ${wanted} is more than the kernel allows any process (fs.nr_open is ${limit}).`)]
      : []),
  ]
}

/** A relative one starts at PHP_LOCALSTATEDIR. Log files need no look: `-t` opens them itself. */
function pidFile(config: FpmConfig): string | null {
  const value = known(config.global.get('pid'))
  if (value === '') return null
  return value.startsWith('/') ? value : `/var/${value}`
}

/** A pool with `pm.status_listen` opens a second socket for its status page (8.0). */
function listensOf(pool: FpmPool): readonly { readonly name: string; readonly value: string }[] {
  return ['listen', 'pm.status_listen'].flatMap((name) => {
    const value = valueOf(pool, name)
    return value === '' ? [] : [{ name, value }]
  })
}

/** Empty where it is not set, and where only the master can resolve what it says. */
function valueOf(pool: FpmPool, name: string): string {
  return known(pool.directives.get(name))
}

function known(directive: FpmDirective | undefined): string {
  return directive === undefined || directive.variables.length > 0 ? '' : directive.value
}

function variableProblems(pool: FpmPool): readonly Said[] {
  return judgedDirectives.flatMap((name) => {
    const variables = pool.directives.get(name)?.variables ?? []
    return variables.map((variable) =>
      unsure(`[${pool.name}] ${name} depends on \${${variable}}, which only the master knows.`),
    )
  })
}

const judgedDirectives = ['listen', 'pm.status_listen', 'user', 'group', 'listen.acl_users', 'listen.acl_groups']

/** A pool's own prefix comes before FPM's (`fpm_evaluate_full_path`). */
function prefixOf(pool: FpmPool, prefix: string): string {
  return valueOf(pool, 'prefix') || prefix
}

function listenProblems(
  pool: FpmPool,
  name: string,
  value: string,
  prefix: string,
  facts: PreflightFacts,
): readonly Said[] {
  const where = `[${pool.name}] ${name} = ${value}`
  if (/^unix:/i.test(value))
    return [fails(`${where}: FPM takes everything with a colon for TCP; a socket path is written without \`unix:\`.`)]
  const address = listenAddress(value, pool.name, prefixOf(pool, prefix))
  if (address === null)
    return [fails(`${where}: FPM cannot listen there; it takes a path, a port from 1 to 65535, or ADDRESS:PORT.`)]
  return address.startsWith('unix:') ? unixProblems(where, address, facts) : tcpProblems(where, address, facts)
}

/** `sun_path` has 108 bytes with its terminating NUL. */
const longestSocketPath = 107

function unixProblems(where: string, address: SocketAddress, facts: PreflightFacts): readonly Said[] {
  const path = address.slice('unix:'.length)
  if (path.length > longestSocketPath)
    return [fails(`${where}: the path has ${path.length} bytes; a socket's can have ${longestSocketPath}.`)]
  const holders = holdersOf(facts, (each) => each === address)
  if (holders === 'own') return []
  return [
    ...(holders === 'other' ? [fails(`${where}: another process listens there.`)] : []),
    ...(holders === 'unknown' ? [unsure(`${where}: whether another process listens there.`)] : []),
    ...(facts.blockedPaths.has(path) ? [fails(`${where}: a directory stands there.`)] : []),
    ...directoryProblems(where, directoryOf(path), facts),
  ]
}

function tcpProblems(where: string, address: SocketAddress, facts: PreflightFacts): readonly Said[] {
  const { host, port } = splitTcp(address)
  const holders = holdersOf(facts, (each) => overlaps(splitTcp(each), { host, port }))
  if (holders === 'own') return []
  return [
    ...(holders === 'other' ? [fails(`${where}: another process listens there.`)] : []),
    ...(holders === 'unknown' ? [unsure(`${where}: whether another process listens there.`)] : []),
    ...hostProblems(where, host, facts),
  ]
}

function hostProblems(where: string, host: string, facts: PreflightFacts): readonly Said[] {
  if (anyAddress.has(host) || host === 'localhost') return []
  const literal = isIPv4(host) ? host : canonicalIpv6(host.replace(/^\[|\]$/g, ''))
  if (literal === null) return [unsure(`${where}: whether ${host} resolves to an address of this host.`)]
  if (literal.startsWith('127.') || literal === '::1' || facts.localAddresses === null) return []
  return facts.localAddresses.has(literal) ? [] : [fails(`${where}: this host does not have the address ${literal}.`)]
}

const anyAddress = new Set(['0.0.0.0', '[::]', '*'])

type Holders = 'own' | 'other' | 'nobody' | 'unknown'

function holdersOf({ listeners }: PreflightFacts, matches: (address: SocketAddress) => boolean): Holders {
  if ('unreadable' in listeners) return 'unknown'
  const found = listeners.filter((each) => matches(each.address))
  if (found.some((each) => each.own)) return 'own'
  return found.length > 0 ? 'other' : 'nobody'
}

function overlaps(a: TcpAddress, b: TcpAddress): boolean {
  return a.port === b.port && (a.host === b.host || anyAddress.has(a.host) || anyAddress.has(b.host))
}

interface TcpAddress {
  readonly host: string
  readonly port: string
}

function splitTcp(address: SocketAddress): TcpAddress {
  if (!address.startsWith('tcp:')) return { host: '', port: '' }
  const colon = address.lastIndexOf(':')
  return { host: address.slice('tcp:'.length, colon), port: address.slice(colon + 1) }
}

function directoryProblems(where: string, directory: string, facts: PreflightFacts): readonly Said[] {
  const found = facts.directories.get(directory)
  switch (found) {
    case 'writable':
      return []
    case 'missing':
      return [fails(`${where}: the directory ${directory} does not exist.`)]
    case 'not-a-directory':
      return [fails(`${where}: ${directory} is not a directory.`)]
    case 'read-only':
      return [fails(`${where}: ${directory} is on a read-only mount.`)]
    default:
      return [
        unsure(`${where}: whether the directory ${directory} can be used${found ? ` (${found.unreadable})` : ''}.`),
      ]
  }
}

function accountProblems(pool: FpmPool, facts: PreflightFacts): readonly Said[] {
  const value = (name: string) => valueOf(pool, name)
  const listed = (name: string) =>
    value(name)
      .split(',')
      .filter((each) => each !== '')
  const says: Said[] = []
  if ((value('user') === 'root' || value('user') === '0') && !facts.mayRunAsRoot) {
    says.push(fails(`[${pool.name}] user = ${value('user')}: FPM refuses to run workers as root.`))
  }
  const missing = (name: string, account: string, names: Names) => {
    if (account === '' || names.known.has(account)) return
    const where = `[${pool.name}] ${name} = ${value(name)}`
    says.push(
      names.complete ? fails(`${where}: this host has no ${account}.`) : unsure(`${where}: whether ${account} exists.`),
    )
  }
  // Numbers are taken as ids by these four, and as names by the lists.
  const orId = (name: string) => (/^\d+$/.test(value(name)) ? '' : value(name))
  for (const name of ['user', 'listen.owner']) missing(name, orId(name), facts.users)
  for (const name of ['group', 'listen.group']) missing(name, orId(name), facts.groups)
  for (const user of listed('listen.acl_users')) missing('listen.acl_users', user, facts.users)
  for (const group of listed('listen.acl_groups')) missing('listen.acl_groups', group, facts.groups)
  return says
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
