/**
 * Who sends a request, by the token or the session that it carries. What a browser sends because another site made it do
 * so is refused, and so is what comes from one network without a pause or, again and again, without a good token.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { problem, type Problem } from '@fleetmend/shared'
import { networkOf } from '../fleet/places.ts'
import type { Clock } from '../runs/clock.ts'
import type { People, SignedIn } from './people.ts'
import { tokenBuckets } from './token-buckets.ts'

export interface Asking {
  readonly headers: IncomingHttpHeaders
  readonly address: string
  /** What a browser would do for any site that asks it to: only reading is harmless, since no other site sees the answer. */
  readonly wants: 'to-read' | 'to-change' | 'a-line'
}

export interface SignInParts {
  readonly people: People
  readonly clock: Pick<Clock, 'nowMs'>
  /** Whether a page that was served there is ours. */
  readonly isOurs: (origin: string) => boolean
}

/** `__Host-`: browsers take it only over TLS, for this host alone and all of it (RFC 6265bis section 4.1.3). */
export const SESSION_COOKIE = '__Host-fleetmend'

/** More than a whole office asks; looked at before anything else is. */
const requestsOfNetwork = { burst: 600, perSecond: 100 }
/**
 * Slips of a person, and a script that is set up wrong. Who shows a good token is let in all the same: 256 bits are not
 * guessed at any rate, and a neighbour's script must not lock out whoever is on call.
 */
const failuresOfNetwork = { burst: 20, perSecond: 0.2 }

export function signIn({ people, clock, isOurs }: SignInParts): (asking: Asking) => Promise<SignedIn> {
  const arrived = tokenBuckets(requestsOfNetwork, () => clock.nowMs())
  const failed = tokenBuckets(failuresOfNetwork, () => clock.nowMs())

  return async ({ headers, address, wants }) => {
    const { origin, authorization } = headers
    const network = networkOf(address)
    const floodMs = arrived.take(network)
    if (floodMs > 0) return refuse(tooMany(floodMs))
    if (origin !== undefined && !isOurs(origin)) return refuse(otherSite(origin))
    const cookie = authorization === undefined ? sessionIn(headers.cookie) : null
    // A browser adds the cookie by itself; that it was our page which asked is known by the origin alone.
    if (cookie !== null && wants !== 'to-read' && origin === undefined) return refuse(otherSite(null))
    const known = cookie === null ? await people.signIn(bearerIn(authorization)) : await people.resume(cookie)
    if (known.ok || known.problem.code !== 'not-signed-in') return known
    const waitMs = failed.take(network)
    return waitMs > 0 ? refuse(tooMany(waitMs)) : known
  }
}

/** Empty: there is none. */
function bearerIn(authorization: string | undefined): string {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? ''
}

function sessionIn(cookie: string | undefined): string | null {
  const pairs = (cookie ?? '').split(';').map((pair) => pair.trim())
  const found = pairs.find((pair) => pair.startsWith(`${SESSION_COOKIE}=`))
  return found === undefined ? null : found.slice(SESSION_COOKIE.length + 1)
}

function otherSite(origin: string | null): Problem {
  const from =
    origin === null
      ? 'It does not say which page it comes from'
      : `It comes from ${JSON.stringify(origin.slice(0, 200))}`
  return problem(
    'other-site',
    `${from}, and this controller answers its own pages only. Nothing was done.\n\nIf that is an address of this controller, name it:\n    fleetmend controller serve --name NAME …`,
  )
}

function tooMany(waitMs: number): Problem {
  const says = `From this address came too many requests, or too many without a good token. Try again in ${Math.ceil(waitMs / 1000)} s.`
  return { ...problem('too-many-attempts', says), retryAfterMs: Math.ceil(waitMs) }
}

function refuse(why: Problem): SignedIn {
  return { ok: false, problem: why, name: null }
}
