/** Whether a key that a host presents is the one that is written down for it. Pure: given what stands in the files. */
import type { SshTarget } from '../ssh-target.ts'
import { hostKeyTypeOf, isNamedBy, type HostKeyType, type KnownHostsLine } from '../readings/known-hosts.ts'

export interface KnownKey extends KnownHostsLine {
  readonly file: string
}

export type NamedHost = Pick<SshTarget, 'hostName' | 'port' | 'hostKeyAlias'>

export type HostKeyVerdict =
  | { readonly kind: 'known'; readonly as: KnownKey }
  | { readonly kind: 'revoked'; readonly by: KnownKey }
  /** Other keys of this host are written down, and this one is not; also where they are of other types. */
  | { readonly kind: 'changed'; readonly contradicts: readonly KnownKey[] }
  /** Nothing is written down. `authorities` sign keys of this host, which only the system's `ssh` can check. */
  | { readonly kind: 'unknown'; readonly authorities: readonly KnownKey[] }

/**
 * Stricter than `ssh` in two things. To `ssh` a key is new where only keys of other types are known; here only known types
 * are asked for, so that nobody but somebody else shows one. And a key that is revoked for the host is so on every port.
 */
export function judgeHostKey(keys: readonly KnownKey[], host: NamedHost, presented: Buffer): HostKeyVerdict {
  const { here, elsewhere } = keysOf(keys, host)
  const isIt = ({ key }: KnownKey) => key.equals(presented)
  const revoked = [...here, ...elsewhere].find((each) => each.marker === 'revoked' && isIt(each))
  if (revoked) return { kind: 'revoked', by: revoked }
  // A key that stands at the name without the port is good on all ports (sshconnect.c: "checking without port identifier").
  const contradicts = here.filter(isPlain)
  const known =
    contradicts.find(isIt) ?? (contradicts.length === 0 ? elsewhere.find((e) => isPlain(e) && isIt(e)) : null)
  if (known) return { kind: 'known', as: known }
  if (contradicts.length > 0) return { kind: 'changed', contradicts: sameTypeFirst(contradicts, presented) }
  return { kind: 'unknown', authorities: here.filter(({ marker }) => marker === 'cert-authority') }
}

function sameTypeFirst(keys: readonly KnownKey[], presented: Buffer): readonly KnownKey[] {
  const type = hostKeyTypeOf(presented)
  return keys.toSorted((a, b) => Number(b.type === type) - Number(a.type === type))
}

/**
 * Algorithms to ask a host for (`serverHostKey`), the best first. Where keys of it are known, only those: a host shows one
 * key, and one of another type would look like a change.
 */
export function hostKeyAlgorithms(keys: readonly KnownKey[], host: NamedHost): readonly HostKeyAlgorithm[] {
  const { here, elsewhere } = keysOf(keys, host)
  const types = new Set(here.filter(isPlain).map(({ type }) => type))
  if (types.size > 0) return algorithmsOf((type) => types.has(type))
  // On another port it may be another sshd: what is known of the name comes first, and the rest stays possible.
  const hints = new Set(elsewhere.filter(isPlain).map(({ type }) => type))
  return [...algorithmsOf((type) => hints.has(type)), ...algorithmsOf((type) => !hints.has(type))]
}

/** RSA only over SHA-2: `ssh-rsa` as an algorithm signs SHA-1, and every sshd since 7.2 knows better (RFC 8332). */
const algorithms = [
  { type: 'ssh-ed25519', name: 'ssh-ed25519' },
  { type: 'ecdsa-sha2-nistp256', name: 'ecdsa-sha2-nistp256' },
  { type: 'ecdsa-sha2-nistp384', name: 'ecdsa-sha2-nistp384' },
  { type: 'ecdsa-sha2-nistp521', name: 'ecdsa-sha2-nistp521' },
  { type: 'ssh-rsa', name: 'rsa-sha2-512' },
  { type: 'ssh-rsa', name: 'rsa-sha2-256' },
] as const satisfies readonly { type: HostKeyType; name: string }[]
export type HostKeyAlgorithm = (typeof algorithms)[number]['name']

function algorithmsOf(wanted: (type: HostKeyType) => boolean): readonly HostKeyAlgorithm[] {
  return algorithms.filter(({ type }) => wanted(type)).map(({ name }) => name)
}

/** What a host is called in known_hosts. An alias stands there as it is, whatever the port. */
export function knownHostsName({ hostName, port, hostKeyAlias }: NamedHost): string {
  const name = (hostKeyAlias ?? hostName).toLowerCase()
  return hostKeyAlias !== null || port === 22 ? name : `[${name}]:${port}`
}

/** Lines for this host on this port, and those for its name alone where that is something else. */
function keysOf(keys: readonly KnownKey[], host: NamedHost) {
  const [name, bare] = [knownHostsName(host), (host.hostKeyAlias ?? host.hostName).toLowerCase()]
  return {
    here: keys.filter(({ names }) => isNamedBy(names, name)),
    elsewhere: bare === name ? [] : keys.filter(({ names }) => isNamedBy(names, bare)),
  }
}

function isPlain({ marker }: KnownKey): boolean {
  return marker === null
}
