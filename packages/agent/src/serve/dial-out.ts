/**
 * Keeps this host reachable for its controller: connects, serves, renews its certificate in time, and connects again when
 * the line is gone. Says each change of state once, not each attempt.
 */
import { AGENT_PATH } from '@fleetmend/shared/protocol/line-paths'
import { safeLine } from '@fleetmend/shared/views/paint'
import type { Peer, PeerOptions } from '@fleetmend/shared/wire/peer'
import { problemOf } from '@fleetmend/shared/wire/problem-error'
import { createTRPCUntypedClient } from '@trpc/client'
import type { Identity } from '../state/identity.ts'
import { backOffMs } from './back-off.ts'
import { openLine, type LineOpened } from './controller-line.ts'
import { renewAtMs } from './renewal-time.ts'

export interface DialOut {
  readonly identity: Identity
  readonly peer: PeerOptions
  saveIdentity(identity: Identity): Promise<void>
  /** A line for the log of this service. */
  readonly say: (line: string) => void
  nowMs(): number
  /** Ends early, without an error, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** A connection that lasted this long was a good one: the next attempt is the first again. */
const goodAfterMs = 60_000
/** A renewal that failed is tried again before long; a timer takes no more than 24 days at once. */
const renewAgainMs = 10 * 60_000
const longestSleepMs = 24 * 60 * 60_000

/** Ends when the signal is aborted. */
export async function dialOut(parts: DialOut, signal: AbortSignal): Promise<void> {
  let { identity } = parts
  const { say } = parts
  let last = ''
  const sayOnce = (line: string): void => {
    if (line !== last) say(line)
    last = line
  }
  for (let attempt = 0; !signal.aborted; attempt++) {
    const { url, authority, key, certificate } = identity
    const line = await openLine(
      { url: new URL(AGENT_PATH, url).href, authority, client: { key, certificate } },
      parts.peer,
      signal,
    )
    if (line.kind === 'open') {
      sayOnce(`connected to the controller at ${url} as ${identity.host}`)
      const sinceMs = parts.nowMs()
      const keepsRenewing = new AbortController()
      const renewing = renew(
        line.peer,
        () => identity,
        async (renewed) => {
          await parts.saveIdentity(renewed)
          identity = renewed
        },
        parts,
        keepsRenewing.signal,
      )
      const leave = (): void => line.peer.close()
      signal.addEventListener('abort', leave, { once: true })
      const ended = await line.peer.ended
      signal.removeEventListener('abort', leave)
      keepsRenewing.abort()
      await renewing
      if (signal.aborted) return
      sayOnce(
        `the connection to the controller is gone${ended.problem ? `: ${ended.problem.detail}` : ''}; trying again`,
      )
      if (parts.nowMs() - sinceMs >= goodAfterMs) attempt = -1
    } else if (!signal.aborted) {
      sayOnce(whyNot(line, identity, parts.nowMs()))
    }
    await parts.sleep(backOffMs(Math.max(attempt, 0), Math.random()), signal)
  }
}

/** While the line is open. A controller that cannot renew now is asked again. */
async function renew(
  peer: Peer,
  identity: () => Identity,
  keep: (renewed: Identity) => Promise<void>,
  parts: DialOut,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const waitMs = renewAtMs(identity()) - parts.nowMs()
    await parts.sleep(Math.min(Math.max(waitMs, 0), longestSleepMs), signal)
    if (signal.aborted) return
    if (renewAtMs(identity()) > parts.nowMs()) continue
    try {
      // Once in many hours.
      const { takeRenewal } = await import('./take-renewal.ts')
      const client = createTRPCUntypedClient({ links: [peer.link()] })
      const renewal = takeRenewal(identity(), await client.mutation('renew', undefined), parts.nowMs())
      if (renewal.ok) {
        await keep(renewal.identity)
        parts.say(`the certificate was renewed; it holds until ${renewal.identity.expiresAt}`)
        continue
      }
      parts.say(`the certificate was not renewed: ${renewal.says}`)
    } catch (error) {
      if (!signal.aborted) parts.say(`the certificate could not be renewed: ${problemOf(error).detail}`)
    }
    await parts.sleep(renewAgainMs, signal)
    if (signal.aborted) return
  }
}

/** One line, as all that goes into the log of a service. */
function whyNot(
  line: Exclude<LineOpened, { kind: 'open' }>,
  { host, url, expiresAt }: Identity,
  nowMs: number,
): string {
  const again = `To let it in again, run \`fleetmend hosts invite --host ${host}\` on the controller and give the token to \`fleetmend-agent enrol --again --host ${host} -\` here.`
  if (nowMs >= Date.parse(expiresAt))
    return `the certificate of this host was good until ${expiresAt}, so the controller at ${url} does not let it in. ${again}`
  if (line.kind === 'turned-away' && (line.status === 401 || line.status === 403))
    return `the controller at ${url} does not let this host in: ${safeLine(line.says)} ${again}`
  if (line.kind === 'turned-away')
    return `the controller at ${url} does not take connections now (${line.status}): ${safeLine(line.says)}; trying again`
  return `no controller answers at ${url}: ${line.says}; trying again`
}
