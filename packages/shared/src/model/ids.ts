/** The names that cross a wire: hosts, plans, applies, runs, diagnoses, remediations. Names only, never paths. */
import * as z from 'zod/mini'

/** SHA-256 of the canonical JSON (RFC 8785) of a document: `sha256:` and 64 lower-case hex digits. */
export const Digest = z.templateLiteral(['sha256:', z.string().check(z.regex(/^[0-9a-f]{64}$/))])
export type Digest = z.infer<typeof Digest>

/** What a host calls itself; given at enrolment, or the kernel's host name where there is no controller. */
export const HostId = z.string().check(z.regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/))
export type HostId = z.infer<typeof HostId>

/** One apply of one plan on one host, e.g. `a-20261121-031502-9f3c`. Sorts by time. */
export const ApplyId = z.string().check(z.regex(/^a-\d{8}-\d{6}-[0-9a-f]{4}$/))
export type ApplyId = z.infer<typeof ApplyId>

/** One run of the controller over a set of hosts, e.g. `r-20261121-031455-41bd`. Sorts by time. */
export const RunId = z.string().check(z.regex(/^r-\d{8}-\d{6}-[0-9a-f]{4}$/))
export type RunId = z.infer<typeof RunId>

/** One grant, signed in advance, e.g. `g-20261121-031455-7c02`. */
export const GrantId = z.string().check(z.regex(/^g-\d{8}-\d{6}-[0-9a-f]{4}$/))
export type GrantId = z.infer<typeof GrantId>

/** A systemd unit without its `.service`, e.g. `php8.2-fpm`. */
export const ServiceName = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,200}$/))
export type ServiceName = z.infer<typeof ServiceName>

/** A pool as written in `[www]`. FPM itself allows more; a pool with a stranger name is not touched. */
export const PoolName = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,100}$/))
export type PoolName = z.infer<typeof PoolName>

const SITE_NAME = /^(?:_|(?:\*\.|\.)?[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*(?:\.\*)?)$/

/** A `server_name` of nginx, with its wildcard. A site that is known by a regular expression alone has none to type. */
export const SiteName = z.string().check(z.regex(SITE_NAME))
export type SiteName = z.infer<typeof SiteName>

export function isSiteName(name: string): name is SiteName {
  return SITE_NAME.test(name)
}

/** Instants cross the wire as RFC 3339 in UTC with milliseconds. */
export const Instant = z.iso.datetime({ precision: 3 })
export type Instant = z.infer<typeof Instant>

const ID_DATE = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2}).*$/

/** Makes the body of a time-sorted id from an instant and two random bytes in hex. */
export function timedId(kind: 'a' | 'r' | 'g', at: Instant, random: string): string {
  return `${kind}-${at.replace(ID_DATE, '$1$2$3-$4$5$6')}-${random}`
}
