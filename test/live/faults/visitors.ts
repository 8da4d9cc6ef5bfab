/**
 * Visitors of a host while it is mended: a steady stream of them to a page of PHP and to a plain file, and one who asks
 * again and again for what does not work. They tell how many requests the mending cost, and when the complaint was over.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ended } from '../../lab/load.ts'
import type { Complaint } from './fault.ts'
import type { Host } from './host-kit.ts'

export interface Visits {
  /** Requests that failed to a page that answered before, or that had begun to answer. */
  readonly lost: number
  /** How the first of them ended, with the page. */
  readonly firstLost: string | null
  /** From the beginning of the mending to the first of the answers after which all are good and quick; null: never. */
  readonly healedMs: number | null
}

export interface Visitors extends AsyncDisposable {
  /** The time to heal counts from here. Nothing is changed yet: what fails now fails without us. */
  beginPlanning(): void
  /** From here on it is the mending that requests are lost by. */
  beginApplying(): void
  /** They go away, after what they still wait for. */
  end(): Promise<Visits>
}

export const pageOfPhp = '/ok.php'
const plainFile = '/steady.txt'
/** So few to PHP that they are not what keeps a small pool busy. */
const pages = [
  { path: pageOfPhp, perSecond: 5 },
  { path: plainFile, perSecond: 10 },
]
/** Nobody waits longer. */
const patienceMs = 15_000
const forMs = 120_000
const betweenMs = 200
/** Of a page that works no time at all. */
const quickMs = 1000

/** Before anything is broken: a host whose disk is full takes no file. */
export async function preparePages(host: Host): Promise<void> {
  await host.writeFile(`/var/www/html${plainFile}`, 'steady\n')
}

export function sendVisitors(host: Host, complaint: Complaint): Visitors {
  const loads = pages.map(({ path, perSecond }) => {
    const ended: Ended[] = []
    const load = host.load({ path, perSecond, forMs, limitMs: patienceMs, onEnded: (each) => ended.push(each) })
    return { path, ended, load }
  })
  const complained: Ended[] = []
  const leaving = new AbortController()
  const asking = askAgain(host, complaint, complained, leaving.signal)
  let plansMs = performance.now()
  let appliesMs = Infinity
  const leave = async (): Promise<void> => {
    leaving.abort()
    await Promise.all([asking, ...loads.map(({ load }) => load.stop())])
  }
  return {
    beginPlanning: () => (plansMs = performance.now()),
    beginApplying: () => (appliesMs = Math.min(appliesMs, performance.now())),
    end: async () => {
      await leave()
      const losses = loads.map(({ path, ended }) => ({ path, lost: lostOf(ended, appliesMs) }))
      const [first] = losses.flatMap(({ path, lost }) => lost.map(({ outcome }) => `${path}: ${outcome}`))
      return {
        lost: losses.reduce((sum, { lost }) => sum + lost.length, 0),
        firstLost: first ?? null,
        healedMs: healedAfterMs(complained, plansMs, complaint),
      }
    },
    [Symbol.asyncDispose]: leave,
  }
}

/** One at a time, and not at once: what fails fast, or works for seconds, must not become a load. */
async function askAgain(host: Host, complaint: Complaint, into: Ended[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    into.push(await complain(host, complaint))
    await sleep(betweenMs)
  }
}

/** Whether it works now, as well as it should. */
export async function isOver(host: Host, complaint: Complaint): Promise<boolean> {
  const { isGood, tookMs } = await complain(host, complaint)
  return isGood && tookMs <= limitOf(complaint)
}

/** On a machine that has other hosts to run, too. */
function limitOf({ worksMs = 0 }: Complaint): number {
  return quickMs + 2 * worksMs
}

/** Given up when it has taken longer than it may: what hangs must not keep the next one from being asked. */
async function complain(host: Host, complaint: Complaint): Promise<Ended> {
  const { path, site } = complaint
  const headers = site === undefined ? {} : { host: site }
  const answer = await host.curl(path, { limitMs: limitOf(complaint) + quickMs, headers })
  const outcome = answer.kind === 'answered' ? String(answer.status) : answer.why
  const isGood = answer.kind === 'answered' && answer.status < 400
  return { atMs: performance.now(), tookMs: answer.tookMs, isGood, outcome }
}

/** The visitor's patience was over, or nginx's. */
const waitedTooLong: ReadonlySet<string> = new Set(['timed-out', '504'])

/** So many good answers in a row are no luck; of a page that works for seconds, nobody waits for several. */
const inARow = { toBeWell: 3, toBeWellAndSlow: 1, toAnswerAgain: 10 }

/**
 * What failed after the beginning. A page that failed before it can be lost only from where it answers again: the first of
 * many good answers in a row. One that keeps a visitor waiting for ever has failed, too.
 */
export function lostOf(ended: readonly Ended[], beganMs: number): readonly Ended[] {
  const sentBefore = ended.filter(({ atMs, tookMs }) => atMs - tookMs < beganMs)
  const failedBefore = sentBefore.some(({ atMs, isGood, outcome }) =>
    atMs < beganMs ? !isGood : waitedTooLong.has(outcome),
  )
  const during = ended.filter(({ atMs }) => atMs >= beganMs)
  const isGood = (each: Ended) => each.isGood
  const answersFrom = failedBefore
    ? during.findIndex((_, i) => isRow(during.slice(i), inARow.toAnswerAgain, isGood))
    : 0
  return answersFrom < 0 ? [] : during.slice(answersFrom).filter((each) => !each.isGood)
}

/** Null where the last answers are not all good and within the limit. What was well all the time healed at once. */
export function healedAfterMs(ended: readonly Ended[], beganMs: number, complaint: Complaint): number | null {
  const limitMs = limitOf(complaint)
  const least = complaint.worksMs === undefined ? inARow.toBeWell : inARow.toBeWellAndSlow
  const isWell = ({ isGood, tookMs }: Ended) => isGood && tookMs <= limitMs
  const lastBad = ended.findLastIndex((each) => !isWell(each))
  const first = ended[lastBad + 1]
  if (!first || ended.length - lastBad - 1 < least) return null
  return Math.max(0, Math.round(first.atMs - beganMs))
}

function isRow(answers: readonly Ended[], length: number, holds: (answer: Ended) => boolean): boolean {
  return answers.length >= length && answers.slice(0, length).every(holds)
}
