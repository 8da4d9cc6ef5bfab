/** Why a database could not be opened, in words, and what to do: from what the server, the kernel or TLS answered. */
import type { ProblemCode } from '@fleetmend/shared'
import pg from 'pg'
import { isSocket, shownAddress, type DatabaseAddress } from './address.ts'

export interface NotOpened {
  readonly code: Extract<ProblemCode, 'database-unusable' | 'database-unreachable' | 'database-in-use'>
  readonly says: string
}

/** Null: this is no answer of the world, but a bug. */
export function whyNotOpened(error: unknown, address: DatabaseAddress): NotOpened | null {
  if (error instanceof pg.DatabaseError) return saidByServer(error, address)
  if (!(error instanceof Error)) return null
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  return (
    (code === null ? null : (saidByKernel(code, address) ?? saidByTls(code, address))) ??
    saidByDriver(error.message, address)
  )
}

/** SQLSTATE (appendix A of PostgreSQL's documentation). */
function saidByServer({ code = '', message }: pg.DatabaseError, address: DatabaseAddress): NotOpened {
  const { user, database } = address
  switch (code) {
    case '28P01':
      return unusable(
        address,
        `the password of ${user} is not the one that was given`,
        'Put the right one into the URL, in the file that --database-file names.',
      )
    case '28000':
      return unusable(
        address,
        `the server does not let this role in from here (${message})`,
        'Its pg_hba.conf says who may come from where.',
      )
    case '3D000':
      return unusable(
        address,
        'there is no such database',
        `Make it on the server:\n    createdb --encoding UTF8 --template template0 --owner ${user} ${database}`,
      )
    case '42501':
    case '3F000':
      return unusable(
        address,
        `the role may not make tables there (${message})`,
        `Let it, as the owner of the database:\n    ALTER DATABASE "${database}" OWNER TO "${user}"`,
      )
    // Too many connections; or it starts, stops or recovers.
    case '53300':
    case '57P03':
      return unreachable(address, message, 'Start the controller again in a moment.')
    default:
      return unusable(address, `the server says ${code}: ${message}`, 'Its own log may say more.')
  }
}

const kernelWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no socket of a server',
  EACCES: 'this user may not use the socket',
  ENOTFOUND: 'the name has no address',
  EAI_AGAIN: 'the name could not be looked up',
  ETIMEDOUT: 'no answer came',
  EHOSTUNREACH: 'there is no way to that machine',
  ENETUNREACH: 'there is no way to that network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
}

function saidByKernel(code: string, address: DatabaseAddress): NotOpened | null {
  const words = kernelWords[code]
  if (words === undefined) return null
  const toDo = isSocket(address.host)
    ? 'See whether the server runs, and has its socket there:\n    systemctl status postgresql'
    : 'See whether the server runs, and listens for this machine (listen_addresses in its postgresql.conf).'
  return unreachable(address, `${words} (${code})`, toDo)
}

/** Codes of OpenSSL as Node names them, and Node's own. */
function saidByTls(code: string, address: DatabaseAddress): NotOpened | null {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return unusable(
      address,
      `the certificate of the server is not for ${address.host}`,
      'Use a name that stands in it.',
    )
  if (!/CERT|SIGNATURE|ERR_SSL|ERR_TLS|ISSUER/.test(code)) return null
  return unusable(
    address,
    `the certificate of the server was not believed (${code})`,
    'Name the file of the authority that signed it at the end of the URL: ?sslmode=verify-full&sslrootcert=FILE',
  )
}

/** What `pg` says itself has no code. */
function saidByDriver(message: string, address: DatabaseAddress): NotOpened | null {
  if (message.startsWith('SASL') && message.includes('password must be'))
    return unusable(
      address,
      'the server wants a password, and there is none in the URL',
      'Put the URL with its password into a file that only this user can read, and name it with --database-file.',
    )
  if (message.includes('does not support SSL'))
    return unusable(
      address,
      'the server speaks no TLS',
      'Set ssl = on there. Over a network that nobody else listens to, ?sslmode=disable at the end of the URL goes without.',
    )
  if (/timeout expired|Connection terminated/.test(message))
    return unreachable(address, 'no answer came', 'See whether what listens there is PostgreSQL, and not overloaded.')
  return null
}

export function unusable(address: DatabaseAddress, why: string, toDo: string): NotOpened {
  return { code: 'database-unusable', says: `Cannot use the database ${shownAddress(address)}: ${why}.\n\n${toDo}` }
}

function unreachable(address: DatabaseAddress, why: string, toDo: string): NotOpened {
  return {
    code: 'database-unreachable',
    says: `Cannot reach the database ${shownAddress(address)}: ${why}.\n\n${toDo}`,
  }
}
