/**
 * How long FPM may work on a request and how long nginx waits for it, so that the two fit: FPM ends the request first, and
 * nginx is still there to hear of it.
 */
import type { Finding } from '@fleetmend/shared'
import { fpmSeconds } from '../readings/fpm-values.ts'
import { nginxTimeMs } from '../readings/nginx-values.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { poolDirective } from './pool-directive.ts'
import { locationsOf, recentErrors, recentMs } from './recent-failures.ts'
import { terminations } from './terminations.ts'

/** Nobody waits longer for a page; what takes longer belongs into a queue. */
export const mostTimeoutS = 3600
/** nginx's own, where nothing sets it. */
const usualWaitS = 60

export type Alignment =
  /** New values; null: stays as it is. `waitS` is the least for each place. */
  | {
      readonly kind: 'align'
      readonly limitS: number | null
      readonly waitS: number | null
      /** What is answered now may be ended then. */
      readonly endsMore: boolean
      readonly because: string
      readonly arithmetic: readonly string[]
      readonly clears: readonly ('terminated-by-timeout' | 'timeouts-inconsistent' | 'upstream-timeout')[]
    }
  | { readonly kind: 'fits'; readonly because: string }
  | { readonly kind: 'refused'; readonly because: string; readonly toDo: string }

export interface WantedTimeouts {
  readonly limitS?: number | undefined
  readonly waitS?: number | undefined
}

/**
 * FPM looks at its limit only every third of it, so that a limit of 30 s ends requests after 30 to 40 s
 * (`fpm_pctl_heartbeat`); nginx waits until the last moment is surely over.
 */
export function waitFor(limitS: number): number {
  return Math.ceil((limitS * 4) / 3) + 5
}

/** The longest limit that fits into a wait, in whole fives. */
function limitWithin(waitS: number): number {
  const most = Math.floor(((waitS - 5) * 3) / 4)
  return most >= 10 ? most - (most % 5) : most
}

export function alignmentOf(
  facts: HostFacts,
  service: FpmFacts,
  pool: PoolFacts,
  wanted: WantedTimeouts = {},
): Alignment {
  const directive = poolDirective(service, pool, 'request_terminate_timeout')
  const limitS = directive ? fpmSeconds(directive.value) : 0
  const waits = locationsOf(facts, pool).map(({ readTimeout }) => nginxTimeMs(readTimeout.text))
  const slowlogS = fpmSeconds(poolDirective(service, pool, 'request_slowlog_timeout')?.value ?? '0')
  if (limitS === null || slowlogS === null || waits.includes(null) || waits.length === 0)
    return {
      kind: 'refused',
      because: `How long nginx waits for ${pool.subject}, or how long that may work, is written in a way that is not understood.`,
      toDo: `See fastcgi_read_timeout in \`nginx -T\`, and request_terminate_timeout in the file of ${pool.subject}: the second has to be shorter.`,
    }
  const [shortestS, longestS] = [Math.min(...waits.map(inS)), Math.max(...waits.map(inS))]
  const now: Now = {
    subject: pool.subject,
    limitS: Math.max(0, limitS),
    slowlogS,
    shortestS,
    longestS,
    maxChildren: pool.maxChildren,
  }
  if (wanted.limitS !== undefined || wanted.waitS !== undefined) return asWanted(now, wanted)
  const ended = terminations(facts, service, pool)
  if (now.limitS > 0) return ended.length > 0 ? raiseLimit(now, ended.length) : raiseWait(now)
  const gaveUp = recentErrors(facts, service, pool, ['timed-out-reading-header'])
  if (gaveUp.length > 0 && shortestS < usualWaitS) return waitAsUsual(now)
  return setLimit(now)
}

/** What a finding about these times says of what can be done. */
export function alignmentSuggestion(
  alignment: Alignment,
  { subject }: PoolFacts,
): Pick<Finding, 'remediations' | 'withoutRemediation'> {
  if (alignment.kind === 'align') return { remediations: [{ id: 'align-timeouts', input: { pool: subject } }] }
  const toDo = alignment.kind === 'refused' ? alignment.toDo : slowerThanAllowed(subject)
  return { remediations: [], withoutRemediation: toDo }
}

function slowerThanAllowed(subject: string): string {
  return (
    `Mend what makes the page slow: \`fleetmend-agent plan enable-slowlog --input pool=${subject}\` has FPM write down where ` +
    `it waits. Where the work is meant to take so long: \`fleetmend-agent plan align-timeouts --input pool=${subject} --input limitS=SECONDS\`.`
  )
}

interface Now {
  readonly subject: string
  /** 0: no limit. */
  readonly limitS: number
  readonly slowlogS: number
  readonly shortestS: number
  readonly longestS: number
  readonly maxChildren: number | null
}

function asWanted({ subject, limitS, slowlogS, shortestS }: Now, wanted: WantedTimeouts): Alignment {
  const toLimitS = wanted.limitS ?? limitS
  const toWaitS = wanted.waitS ?? Math.max(shortestS, waitFor(toLimitS))
  if (toLimitS > 0 && toWaitS < waitFor(toLimitS))
    return {
      kind: 'refused',
      because: `With ${toLimitS} s for PHP, nginx has to wait ${waitFor(toLimitS)} s at least, not ${toWaitS} s.`,
      toDo: `Give both: \`--input limitS=${Math.max(1, limitWithin(toWaitS))} --input waitS=${toWaitS}\`.`,
    }
  // FPM refuses a configuration in which the slow log comes later than the end (`fpm_conf_process_all_pools`).
  if (toLimitS > 0 && slowlogS > toLimitS)
    return {
      kind: 'refused',
      because: `FPM refuses a limit of ${toLimitS} s while request_slowlog_timeout is ${slowlogS} s.`,
      toDo: 'Choose a longer limit, or set request_slowlog_timeout lower first.',
    }
  return {
    kind: 'align',
    limitS: toLimitS === limitS ? null : toLimitS,
    waitS: toWaitS <= shortestS ? null : toWaitS,
    endsMore: toLimitS > 0 && (limitS === 0 || toLimitS < limitS),
    because: `${subject} may work ${toLimitS === 0 ? 'without a limit' : `${toLimitS} s`} on a request, and nginx waits ${Math.max(toWaitS, shortestS)} s for it, as was asked for.`,
    arithmetic: toLimitS === 0 ? [] : [arithmeticOf(toLimitS)],
    clears: ['timeouts-inconsistent'],
  }
}

/** Visitors wait as long as nginx does; within that, PHP may work. More would need nginx to wait longer, too. */
function raiseLimit({ subject, limitS, shortestS, maxChildren }: Now, ended: number): Alignment {
  const toS = limitWithin(shortestS)
  if (toS <= limitS)
    return {
      kind: 'refused',
      because: `${subject} may already work on a request as long as nginx waits for it (${limitS} s of ${shortestS} s).`,
      toDo:
        'Mend what makes the page slow; `fleetmend-agent plan enable-slowlog` shows where it waits. Where the work is meant ' +
        `to take so long: \`fleetmend-agent plan align-timeouts --input pool=${subject} --input limitS=${limitS * 2}\`, which lets nginx wait longer, too.`,
    }
  const heldAtOnce = Math.ceil((ended / (recentMs / 1000)) * toS)
  if (maxChildren !== null && heldAtOnce * 2 > maxChildren)
    return {
      kind: 'refused',
      because: `${ended} requests were ended in the last minutes; with ${toS} s each they would hold ${heldAtOnce} of the ${maxChildren} workers of ${subject}, and others would wait.`,
      toDo: `Mend what makes the page slow: \`fleetmend-agent plan enable-slowlog --input pool=${subject}\` shows where it waits.`,
    }
  return {
    kind: 'align',
    limitS: toS,
    waitS: null,
    endsMore: false,
    because: `${subject} ended ${ended} requests after ${limitS} s, while nginx would have waited ${shortestS} s: it may work ${toS} s.`,
    arithmetic: [
      arithmeticOf(toS),
      `${ended} such requests in ${recentMs / 60_000} min would hold ${heldAtOnce} of ${maxChildren ?? 'its'} workers at most`,
    ],
    clears: ['terminated-by-timeout'],
  }
}

/** Costs no worker: FPM works on as long as it did, and now somebody hears the answer. */
function raiseWait({ subject, limitS, shortestS }: Now): Alignment {
  const toS = waitFor(limitS)
  if (shortestS >= toS)
    return { kind: 'fits', because: `${subject} may work ${limitS} s, and nginx waits ${shortestS} s for it.` }
  if (toS > mostTimeoutS)
    return {
      kind: 'refused',
      because: `${subject} may work ${limitS} s on one request, longer than anybody should wait for a page.`,
      toDo: `Lower request_terminate_timeout: \`fleetmend-agent plan align-timeouts --input pool=${subject} --input limitS=${limitWithin(usualWaitS)}\`. Work that takes longer belongs into a queue.`,
    }
  return {
    kind: 'align',
    limitS: null,
    waitS: toS,
    endsMore: false,
    because: `${subject} may work ${limitS} s on a request, and nginx waited only ${shortestS} s for it: it waits ${toS} s.`,
    arithmetic: [arithmeticOf(limitS)],
    clears: ['timeouts-inconsistent', 'upstream-timeout'],
  }
}

function waitAsUsual({ subject, shortestS }: Now): Alignment {
  return {
    kind: 'align',
    limitS: null,
    waitS: usualWaitS,
    endsMore: false,
    because: `nginx waited only ${shortestS} s for ${subject} and gave up: it waits ${usualWaitS} s, as it does where nothing is set.`,
    arithmetic: [],
    clears: ['upstream-timeout', 'timeouts-inconsistent'],
  }
}

/** No request that is answered now is ended: the limit is what nginx waits now, and nginx waits a little longer. */
function setLimit({ subject, slowlogS, longestS }: Now): Alignment {
  const toS = Math.max(longestS, slowlogS)
  if (waitFor(toS) > mostTimeoutS)
    return {
      kind: 'refused',
      because: `nginx waits ${longestS} s for ${subject}, longer than anybody should wait for a page.`,
      toDo: `Say how long a page may take: \`fleetmend-agent plan align-timeouts --input pool=${subject} --input limitS=60\`.`,
    }
  return {
    kind: 'align',
    limitS: toS,
    waitS: waitFor(toS),
    endsMore: true,
    because: `${subject} works on without a limit after nginx has given up: it is ended after ${toS} s, and nginx waits until then.`,
    arithmetic: [arithmeticOf(toS)],
    clears: ['timeouts-inconsistent'],
  }
}

function arithmeticOf(limitS: number): string {
  return `FPM looks every third of its limit: ${limitS} s × 4/3 + 5 s = ${waitFor(limitS)} s that nginx has to wait`
}

function inS(ms: number | null): number {
  return Math.floor((ms ?? 0) / 1000)
}
