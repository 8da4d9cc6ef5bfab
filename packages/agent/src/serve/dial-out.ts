/**
 * Keeps this host reachable for its controller: connects, serves, renews its certificate in time, and connects again when
 * the line is gone. Says each change of state once, not each attempt.
 */
import { AGENT_PATH, RENEW_PATH } from '@fleetmend/shared/protocol/line-paths'
import { safeLine } from '@fleetmend/shared/views/paint'
import type { Peer, PeerEnd, PeerOptions } from '@fleetmend/shared/wire/peer'
import { problemOf } from '@fleetmend/shared/wire/problem-error'
import type { Identity } from '../state/identity.ts'
import { backOffMs, type BackOff } from '@fleetmend/shared/wire/back-off'
import { awayBackOff, refusedBackOff, renewalBackOff } from './back-off.ts'
import { openLine, type LineOpened } from './controller-line.ts'
import { renewAtMs } from './renewal-time.ts'
import { isFinal, notLetIn, whyNot } from './why-not.ts'

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

/** Who this host is changes with each renewal, and only here. */
interface Dialling extends Omit<DialOut, 'identity'> {
  identity: Identity
  keep(renewed: Identity): Promise<void>
}

/** What an attempt came to, so that the wait after it is the right one; null: none is needed. */
type Attempt = BackOff | null

/** A connection that lasted this long was a good one: the next attempt is the first again. */
const goodAfterMs = 60_000
/** A timer takes no more than 24 days at once. */
const longestSleepMs = 24 * 60 * 60_000

/** Ends when the signal is aborted. */
export async function dialOut(parts: DialOut, signal: AbortSignal): Promise<void> {
  let last = ''
  const dialling: Dialling = {
    ...parts,
    say: (line) => {
      if (line !== last) parts.say(line)
      last = line
    },
    keep: async (renewed) => {
      await parts.saveIdentity(renewed)
      dialling.identity = renewed
    },
  }
  let attempt = 0
  let before: BackOff | null = null
  while (!signal.aborted) {
    const sinceMs = parts.nowMs()
    const backOff = await dial(dialling, signal)
    if (signal.aborted) return
    if (backOff === null) continue
    if (backOff !== before || parts.nowMs() - sinceMs >= goodAfterMs) attempt = 0
    before = backOff
    await parts.sleep(backOffMs(backOff, attempt++, Math.random()), signal)
  }
}

async function dial(dialling: Dialling, signal: AbortSignal): Promise<Attempt> {
  const line = await open(dialling, AGENT_PATH, dialling.peer, signal)
  if (line.kind === 'open') return serve(dialling, line.peer, signal)
  // By the controller's word: by the clock of this host alone, which may be wrong, a good one might not be tried.
  if (line.kind === 'turned-away' && line.problem.code === 'certificate-expired') return renewLate(dialling, signal)
  return failed(dialling, line, signal)
}

function open({ identity }: Dialling, path: string, peer: PeerOptions, signal: AbortSignal): Promise<LineOpened> {
  const { url, authority, key, certificate } = identity
  return openLine({ url: new URL(path, url).href, authority, client: { key, certificate } }, peer, signal)
}

function failed(dialling: Dialling, line: Exclude<LineOpened, { kind: 'open' }>, signal: AbortSignal): Attempt {
  if (signal.aborted) return null
  dialling.say(whyNot(line, dialling.identity))
  return line.kind === 'turned-away' && isFinal(line.problem) ? refusedBackOff : awayBackOff
}

/**
 * Until the line ends. A renewed certificate is for the next line: this one was opened with the same key, and what is
 * asked over it goes on undisturbed.
 */
async function serve(dialling: Dialling, peer: Peer, signal: AbortSignal): Promise<Attempt> {
  const { identity, say } = dialling
  say(`connected to the controller at ${identity.url} as ${identity.host}`)
  const ends = new AbortController()
  const renewing = keepRenewing(dialling, peer, ends.signal)
  const leave = (): void => peer.close()
  signal.addEventListener('abort', leave, { once: true })
  const ended = await peer.ended
  signal.removeEventListener('abort', leave)
  ends.abort()
  await renewing
  if (signal.aborted) return null
  if (ended.by === 'them' && ended.problem && isFinal(ended.problem)) {
    say(notLetIn(ended.problem, identity))
    return refusedBackOff
  }
  say(`the connection to the controller is gone${wordsOf(ended)}; trying again`)
  return awayBackOff
}

function wordsOf({ problem }: PeerEnd): string {
  return problem ? `: ${safeLine(problem.detail)}` : ''
}

/** While the line is open. A controller that cannot renew now is asked again. */
async function keepRenewing(dialling: Dialling, peer: Peer, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted;) {
    const waitMs = renewAtMs(dialling.identity) - dialling.nowMs()
    await dialling.sleep(Math.min(Math.max(waitMs, 0), longestSleepMs), signal)
    if (signal.aborted) return
    if (renewAtMs(dialling.identity) > dialling.nowMs()) continue
    if (await renewOver(dialling, peer, signal)) {
      attempt = 0
      continue
    }
    await dialling.sleep(backOffMs(renewalBackOff, attempt++, Math.random()), signal)
  }
}

async function renewOver(dialling: Dialling, peer: Peer, signal: AbortSignal): Promise<boolean> {
  const { identity, say } = dialling
  try {
    const { askRenewal } = await import('./ask-renewal.ts')
    const keep = (renewed: Identity): Promise<void> => dialling.keep(renewed)
    const asked = await askRenewal({ peer, identity, keep, nowMs: dialling.nowMs() })
    say(
      asked.ok
        ? `the certificate was renewed; it holds until ${asked.until}`
        : `the certificate was not renewed: ${asked.says}`,
    )
    return asked.ok
  } catch (error) {
    if (!signal.aborted) say(`the certificate could not be renewed: ${safeLine(problemOf(error).detail)}`)
    return false
  }
}

/** The certificate ran out while the controller or this host was away: it is still good for a new one, for some days. */
async function renewLate(dialling: Dialling, signal: AbortSignal): Promise<Attempt> {
  const line = await open(dialling, RENEW_PATH, {}, signal)
  if (line.kind !== 'open') return failed(dialling, line, signal)
  try {
    return (await renewOver(dialling, line.peer, signal)) ? null : renewalBackOff
  } finally {
    line.peer.close()
  }
}
