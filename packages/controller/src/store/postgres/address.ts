/** Where a PostgreSQL is, from the URL that an admin wrote; the password stays apart from everything that is shown. */
import { userInfo } from 'node:os'

export interface DatabaseAddress {
  /** A name, an address, or the folder of a socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  /** Empty: none. */
  readonly password: string
  readonly database: string
  /** Null: as plain text. */
  readonly tls: TlsWanted | null
}

/** Paths, and what is checked of the server: nothing, who signed its certificate, or also whether that names it. */
export interface TlsWanted {
  readonly checks: 'nothing' | 'signer' | 'name'
  readonly root: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
}

export type AddressRead =
  | { readonly ok: true; readonly address: DatabaseAddress }
  | { readonly ok: false; readonly says: string }

const settings = ['host', 'port', 'user', 'password', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const
type Setting = (typeof settings)[number]

/** Where Debian's server, and libpq there, have their socket. */
const usualSocketFolder = '/var/run/postgresql'

/** Nothing that it says repeats the URL: a password is in it. */
export function readDatabaseUrl(text: string, environment: NodeJS.ProcessEnv = process.env): AddressRead {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol))
    return refuse('It is not a URL of PostgreSQL. One looks like this:\n    postgres://fleetmend@db.example/fleetmend')
  const given: Partial<Record<Setting, string>> = {}
  for (const [name, value] of url.searchParams) {
    const setting = settings.find((each) => each === name)
    if (setting === undefined)
      return refuse(
        `It sets ${JSON.stringify(name.slice(0, 40))}, which is not known here. Known: ${settings.join(', ')}.`,
      )
    given[setting] = value
  }
  const [user, password] = [decoded(url.username), decoded(url.password)]
  const [host, database] = [decoded(url.hostname), decoded(url.pathname.replace(/^\//, ''))]
  if (user === null || password === null || host === null || database === null)
    return refuse('A % in it begins no character. Write a % of a name or password as %25.')
  if (database === '')
    return refuse('It names no database. It goes at the end: postgres://fleetmend@db.example/fleetmend')
  const where = (given.host ?? host.replace(/^\[|\]$/g, '')) || usualSocketFolder
  const port = Number((given.port ?? url.port) || 5432)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return refuse('Its port is not a number from 1 to 65535.')
  const tls = tlsOf(given, where)
  if (!tls.ok) return tls
  return {
    ok: true,
    address: {
      host: where,
      port,
      user: (given.user ?? user) || environment['PGUSER'] || userInfo().username,
      password: (given.password ?? password) || (environment['PGPASSWORD'] ?? ''),
      database,
      tls: tls.wanted,
    },
  }
}

/** Without its password. */
export function shownAddress({ user, host, port, database }: DatabaseAddress): string {
  return isSocket(host) ? `${database} (as ${user}, in ${host})` : `${database} (as ${user}, at ${host}:${port})`
}

export function isSocket(host: string): boolean {
  return host.startsWith('/')
}

/** Whether a URL holds what nobody else on the machine should see in the list of processes. */
export function holdsPassword(text: string): boolean {
  if (!URL.canParse(text)) return /:[^/@]+@|password=/.test(text)
  const { password, searchParams } = new URL(text)
  return password !== '' || searchParams.has('password')
}

type TlsRead = { readonly ok: true; readonly wanted: TlsWanted | null } | { readonly ok: false; readonly says: string }

/**
 * The words of libpq, without those that go on as plain text when somebody in between says that there is no TLS. Where
 * nothing is said, another machine is asked for everything: plans and names of a fleet do not cross a network by accident.
 */
function tlsOf(
  { sslmode, sslrootcert: root, sslcert: certificate, sslkey: key }: Partial<Record<Setting, string>>,
  host: string,
): TlsRead {
  const isHere = isSocket(host) || host === 'localhost' || host === '::1' || host.startsWith('127.')
  const wants = (checks: TlsWanted['checks']): TlsRead => ({ ok: true, wanted: { checks, root, certificate, key } })
  if ((certificate === undefined) !== (key === undefined)) return refuse('sslcert and sslkey belong together.')
  switch (sslmode ?? (isHere ? 'disable' : 'verify-full')) {
    case 'disable':
      return { ok: true, wanted: null }
    case 'require':
      // As libpq does where a root is given.
      return wants(root === undefined ? 'nothing' : 'signer')
    case 'verify-ca':
      return wants('signer')
    case 'verify-full':
      return wants('name')
    default:
      return refuse(
        'Its sslmode must be disable, require, verify-ca or verify-full. What else there is goes on without TLS where somebody in between says so.',
      )
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function refuse(says: string): { readonly ok: false; readonly says: string } {
  return { ok: false, says: `Cannot use the URL of the database. ${says}` }
}
