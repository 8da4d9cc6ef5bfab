/** What ssh2 says of a connection that did not come about, or broke, as a problem with the next step. */
import { problem, safeLine, type Problem } from '@fleetmend/shared'
import type { SshTarget } from '../ssh-target.ts'
import { placeOf } from './place-of.ts'

/** As ssh2 raises it: `level` says where, `code` is the system's word, or the reason of a disconnect (RFC 4253, 11.1). */
export interface Ssh2Error extends Error {
  readonly level?: string
  readonly code?: string | number
}

export interface Attempted {
  readonly target: SshTarget
  readonly authenticated: boolean
  /** Keys that were offered, by name. */
  readonly offered: readonly string[]
  readonly leftOut: readonly string[]
  readonly notOffered: number
  /** What the host lets people in by; null: it did not come to that. */
  readonly methods: readonly string[] | null
  /** The key that the host would have taken, had anybody known its passphrase. */
  readonly locked: string | null
}

export function ssh2Failure(error: Ssh2Error, attempted: Attempted): Problem {
  const { target } = attempted
  const [host, says] = [placeOf(target), safeLine(error.message)]
  if (attempted.authenticated) return problem('ssh-broken', `The connection to ${host} broke: ${says}.`)
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return problem(
      'ssh-name-unresolved',
      `Cannot find an address for ${safeLine(target.hostName)} (${says}). Look at the name, at HostName in your ssh_config, and at DNS:\n    getent hosts ${safeLine(target.hostName)}`,
    )
  if (typeof error.code === 'string' && error.level === 'client-socket')
    return problem('ssh-unreachable', `Cannot reach ${host}: ${says}. ${adviceFor(error.code)}`)
  if (error.message.includes('no matching host key format')) return otherKeyTypes(target)
  if (error.message.includes('no matching'))
    return needsSystemSsh(target, `it and this side have no algorithm in common (${says})`)
  // Some say goodbye instead of why.
  if (error.message === hungUp && attempted.offered.length > 0) return refused(attempted, true)
  if (error.level === 'client-authentication' || /authentication failures/i.test(error.message))
    return refused(attempted, /too many/i.test(error.message))
  if (
    /^(Invalid identification|Max greeting lines|Header line too long|Invalid header|Bad packet length)/.test(
      error.message,
    )
  )
    return problem(
      'ssh-not-spoken',
      `What answers at ${host} does not speak SSH (${says}). Look at the name and the port.`,
    )
  if (error.message.startsWith('Connection lost before handshake') || error.message === hungUp)
    return problem(
      'ssh-unreachable',
      `${host} took the connection and closed it again. Its sshd does so while too many others log in (MaxStartups), or for a while after logins that failed (PerSourcePenalties); a firewall may, too. Try again in a minute; what sshd says of it is in its journal:\n    journalctl -u ssh`,
    )
  return problem('ssh-unreachable', `Cannot connect to ${host}: ${says}.`)
}

export const hungUp = 'It closed the connection'

export function connectTimedOut(target: SshTarget): Problem {
  return problem(
    'ssh-unreachable',
    `${placeOf(target)} did not answer within ${target.connectLimitMs / 1000} s. It is down, its name has the address of something else, or a firewall drops what goes there.`,
  )
}

export function needsSystemSsh(target: SshTarget, because: string): Problem {
  return problem(
    'ssh-needs-system-ssh',
    `Cannot connect to ${placeOf(target)} with the SSH that is built in: ${because}. The ssh program may be able to; choose it with \`system\` as the SSH driver, and see by hand whether it is:\n    ssh -v ${safeLine(target.alias)} true`,
  )
}

function refused(attempted: Attempted, tooMany: boolean): Problem {
  const { target, offered, leftOut, notOffered, methods, locked } = attempted
  const host = `${safeLine(target.user)} at ${placeOf(target)}`
  const others = leftOut.map((why) => `\n${why}`).join('')
  if (locked !== null)
    return problem(
      'ssh-key-locked',
      `Cannot log in as ${host}: it takes the key ${locked}, which needs a passphrase. Nobody could be asked for it, or it was another one. Put the key into ssh-agent first:\n    ssh-add`,
    )
  if (methods !== null && !methods.includes('publickey'))
    return problem(
      'ssh-refused',
      `Cannot log in as ${host}: it lets nobody in by a key, only by ${safeLine(methods.join(', '))}. Passwords are never sent from here; allow keys (PubkeyAuthentication in its sshd_config).`,
    )
  if (offered.length === 0)
    return problem(
      'ssh-no-key',
      `Cannot log in as ${host}: there is no key to offer. Name one with IdentityFile in your ssh_config, or put one into ssh-agent:\n    ssh-add${others}`,
    )
  const list = offered.map((key) => `\n    ${key}`).join('')
  if (tooMany)
    return problem(
      'ssh-refused',
      `Cannot log in as ${host}: it hung up after ${offered.length} keys (MaxAuthTries), before ${notOffered} more. These were offered:${list}\nName the right one with IdentityFile and IdentitiesOnly yes in your ssh_config.${others}`,
    )
  const asksMore = methods?.includes('keyboard-interactive') ? ', or asks for more than a key' : ''
  return problem(
    'ssh-refused',
    `Cannot log in as ${host}: it knows none of the keys that were offered${asksMore}:${list}\nThe right one has to stand in ~/.ssh/authorized_keys of that account; why it does not count is in the journal of its sshd.${others}`,
  )
}

/** A host is asked for the types of key that are known of it; one that has none of them any more is another, or set up anew. */
function otherKeyTypes(target: SshTarget): Problem {
  const files = target.knownHostsFiles.map((file) => safeLine(file)).join(', ')
  return problem(
    'ssh-host-changed',
    `Cannot talk to ${placeOf(target)}: it has no key of the types that are known of it (${files}). Either it was installed anew, or somebody is in between; nothing was sent. What is known of it, and what it shows:\n    ssh-keygen -F ${safeLine(target.hostKeyAlias ?? target.hostName)}\n    ssh-keyscan -p ${target.port} ${safeLine(target.hostName)}`,
  )
}

function adviceFor(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'Nothing listens there: look at the port, and whether sshd runs.'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return 'No way leads there, or the host is down.'
    default:
      return ''
  }
}
