/** From which controller is meant to a connection with it: the token and the trust come from the environment or from `login`. */
import { problem, shellWord, type Problem } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { connectNetwork, notReached, stranger } from './connect-network.ts'
import { connectSocket, type Connected } from './connect-socket.ts'
import { fingerprintOf, knownAuthorities, lookAtServer, type Trusted } from './server-trust.ts'
import { readSignIns, signInOf, signInPath, withSignIn, writeSignIns, type SignIn } from './sign-in-file.ts'

export async function openWay({ way, environment }: Pick<Cli, 'way' | 'environment'>): Promise<Connected> {
  const found = way()
  if (!found.ok) return refuse(found.problem)
  if (found.value.by === 'socket') return connectSocket(found.value.path)
  const { url } = found.value
  const given = environment['FLEETMEND_TOKEN']
  const fingerprint = environment['FLEETMEND_FINGERPRINT']
  let stored: SignIn | null = null
  // Where the environment says it all, no file of another person's home gets in the way.
  if (given === undefined || fingerprint === undefined) {
    const read = readSignIns(signInPath(environment))
    if (!read.ok) return refuse(read.problem)
    stored = signInOf(read.value, url)
  }
  const token = given ?? stored?.token
  if (token === undefined) return refuse(notSignedIn(url))
  const trust = fingerprint === undefined ? ofStored(stored) : await byFingerprint(url, fingerprint)
  if (!trust.ok) return trust
  const connected = await connectNetwork({ url, token, trusted: trust.trusted })
  if (connected.ok && stored && fingerprint === undefined) keepUp(environment, url, stored, connected.authorities)
  return connected
}

/** Where one authority follows another, both are known to whoever comes meanwhile. */
function keepUp(environment: Cli['environment'], url: string, stored: SignIn, authorities: string | null): void {
  if (stored.authority === null || authorities === null || authorities === stored.authority) return
  const path = signInPath(environment)
  const now = readSignIns(path)
  if (!now.ok || signInOf(now.value, url)?.authority !== stored.authority) return
  const last = now.value.default
  try {
    const kept = withSignIn(now.value, url, { ...stored, authority: authorities })
    writeSignIns(path, last === undefined ? kept : { ...kept, default: last })
  } catch {
    // A home that cannot be written to: it is tried again the next time.
  }
}

type TrustFound = { readonly ok: true; readonly trusted: Trusted } | Extract<Connected, { ok: false }>

function ofStored(stored: SignIn | null): TrustFound {
  return { ok: true, trusted: stored?.authority ? [stored.authority] : knownAuthorities() }
}

/** Trusts the one certificate of this fingerprint, if it is shown there. */
export async function byFingerprint(url: string, fingerprint: string): Promise<TrustFound> {
  const looked = await lookAtServer(url)
  if (!looked.ok) return { ok: false, ...notReached(url, looked.code, looked.says) }
  const found = looked.value.chain.find((each) => fingerprintOf(each) === fingerprint)
  if (found) return { ok: true, trusted: [found.toString()] }
  return refuse(stranger(url, `none has the fingerprint ${fingerprint.slice(0, 80)}`))
}

function notSignedIn(url: string): Problem {
  return problem(
    'not-signed-in',
    `This computer has no token for ${url}. An admin of the fleet makes one on the controller's machine:\n    fleetmend tokens create --name YOU --role operator\n\nWith it, here:\n    fleetmend login ${shellWord(url)}\n\nA script sets FLEETMEND_TOKEN instead.`,
  )
}

function refuse(why: Problem): Extract<Connected, { ok: false }> {
  return { ok: false, problem: why, again: false }
}
