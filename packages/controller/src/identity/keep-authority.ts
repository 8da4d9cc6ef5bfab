/**
 * Replaces the fleet's authority without anybody noticing: early in its last third the next one is made, hosts hear of it
 * as they renew their certificates, and when all of them trust it the one before is dropped. A person may begin and end
 * it sooner.
 */
import { problem, type Digest, type FleetAuthority, type HostId, type Problem } from '@fleetmend/shared'
import { recorded } from '../audit/record.ts'
import type { Clock } from '../runs/clock.ts'
import { hostsNotTrusting } from '../store/hosts.ts'
import type { Database } from '../store/tables.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import type { SigningAuthority } from './signing-authority.ts'

export type AuthorityAnswer =
  | { readonly ok: true; readonly value: FleetAuthority }
  | { readonly ok: false; readonly problem: Problem }

export interface AuthorityKeeper {
  show(): Promise<FleetAuthority>
  renew(by: string): Promise<AuthorityAnswer>
  /** `leaveBehind`: hosts that do not trust the next one yet must enrol again. */
  finish(by: string, leaveBehind: boolean): Promise<AuthorityAnswer>
  close(): Promise<void>
}

export interface KeeperParts {
  readonly database: Database
  readonly authority: CertificateAuthority
  readonly clock: Clock
  readonly log: (line: string) => void
}

const hourMs = 60 * 60_000
const dayMs = 24 * hourMs
/** As long as a join token may be good: those that were given out name the authority of then. */
const overlapMs = 7 * dayMs
/** Whoever has not heard of the next one by then would lose the old one anyway. */
const lastMs = 7 * dayMs

/** Who does what nobody asked for. */
const itself = 'the controller'

export function keepAuthority({ database, authority, clock, log }: KeeperParts): AuthorityKeeper {
  const notYet = async (): Promise<readonly HostId[]> =>
    authority.next ? hostsNotTrusting(database, authority.next.fingerprint) : []

  const show = async (): Promise<FleetAuthority> => {
    const { fleet, now, next } = authority
    return {
      fleet,
      now: inTime(now),
      next: next && { ...inTime(next), madeAt: new Date(next.madeMs).toISOString() },
      notYet: await notYet(),
    }
  }

  const changed = async (by: string): Promise<AuthorityAnswer> => {
    const { fingerprint, next } = authority
    await recorded(database, clock, (_, record) =>
      record({ type: 'authority-changed', by, now: fingerprint, next: next?.fingerprint ?? null }),
    )
    log(next ? `authority: ${next.fingerprint} is to follow ${fingerprint}` : `authority: ${fingerprint} alone`)
    return { ok: true, value: await show() }
  }

  async function renew(by: string): Promise<AuthorityAnswer> {
    if (authority.next) return { ok: true, value: await show() }
    const renewed = await authority.renew(clock.nowMs())
    return renewed.ok ? changed(by) : refuse('authority-unusable', renewed.says)
  }

  async function finish(by: string, leaveBehind: boolean): Promise<AuthorityAnswer> {
    const behind = await notYet()
    if (behind.length > 0 && !leaveBehind)
      return refuse(
        'hosts-behind',
        `${namesOf(behind)} would no longer trust this controller, and had to enrol again. They hear of the next authority when they renew their certificates, within a day of being connected. To go on without them, add --leave-behind.`,
      )
    const finished = await authority.finish()
    return finished.ok ? changed(by) : refuse('authority-unusable', finished.says)
  }

  /** Once an hour, like the certificates that depend on it. */
  async function look(): Promise<void> {
    const nowMs = clock.nowMs()
    const { now, next } = authority
    if (next === null && nowMs >= now.madeMs + ((now.expiresMs - now.madeMs) * 2) / 3) tell(await renew(itself), now)
    if (next === null) return
    const isKnown = nowMs >= next.madeMs + overlapMs && (await notYet()).length === 0
    if (isKnown || now.expiresMs - nowMs < lastMs) tell(await finish(itself, true), now)
  }

  /** One that was given by its files only a person can replace; they are told once, and again after a restart. */
  let told = false
  function tell(answer: AuthorityAnswer, { expiresMs }: SigningAuthority): void {
    if (answer.ok || told) return
    told = true
    log(`the certificate authority ends at ${new Date(expiresMs).toISOString()}: ${answer.problem.detail}`)
  }

  const ends = new AbortController()
  const keeping = (async () => {
    while (!ends.signal.aborted) {
      await look().catch((error: unknown) => log(`the authority was not looked after: ${String(error)}`))
      await clock.sleep(hourMs, ends.signal)
    }
  })()

  return {
    show,
    renew,
    finish,
    close: () => {
      ends.abort()
      return keeping
    },
  }
}

function inTime({ fingerprint, expiresMs }: SigningAuthority): {
  readonly fingerprint: Digest
  readonly expiresAt: string
} {
  return { fingerprint, expiresAt: new Date(expiresMs).toISOString() }
}

/** A few by name; a fleet of thousands need not be read aloud. */
function namesOf(hosts: readonly HostId[]): string {
  const named = hosts.slice(0, 5).join(', ')
  return hosts.length > 5 ? `${named} and ${hosts.length - 5} more hosts` : named
}

function refuse(code: 'authority-unusable' | 'hosts-behind', detail: string): AuthorityAnswer {
  return { ok: false, problem: problem(code, detail) }
}
