/**
 * What somebody sees of a run at work, in as many lines as there are: how far it is, what became of hosts, each change, then
 * the few hosts that matter. Pure.
 */
import {
  fewHosts,
  hostCount,
  safeLine,
  standings,
  type ChangeNow,
  type Counts,
  type HostNow,
  type Paint,
  type RunHostState,
  type RunPicture,
  type Standing,
  type Traffic,
} from '@fleetmend/shared'
import { hostStateWords, runStateWords } from '../views/run-words.ts'
import { lineOf, type Line, type Piece } from './cells.ts'

export interface Frame {
  readonly run: string
  readonly width: number
  readonly height: number
  readonly nowMs: number
  readonly paint: Paint
}

export function pictureLines(picture: RunPicture, { run, width, height, nowMs, paint }: Frame): readonly Line[] {
  const { hosts, changes, counts, traffic, waitsFor } = picture
  const far = farOf(counts)
  const head: (readonly Piece[])[] = [
    [['bold', run], `  ${runStateWords[picture.state]}  `, ['dim', lasted(nowMs - picture.beganMs)]],
    [
      ...bar(far, Math.min(40, Math.max(width - 30, 10))),
      `  ${far.over} of ${far.all} ${far.all === 1 ? 'host' : 'hosts'} done`,
    ],
    countPieces(counts),
    ...trafficPieces(traffic),
    ...waitsFor.slice(0, 3).map((says): readonly Piece[] => [['yellow', `waits: ${safeLine(says)}`]]),
  ]
  const left = Math.max(height - head.length, 0)
  // As long as all of them have a line, who matters is seen by itself.
  const rest =
    far.all <= Math.min(left - changes.length - 1, fewHosts)
      ? [...changeLines(changes, changes.length), ...[...hosts.values()].map((host) => hostPieces(host, nowMs))]
      : manyLines(picture, left, nowMs)
  return [...head, ...rest].slice(0, height).map((pieces) => lineOf(pieces, width, paint))
}

/** Most of them say the same. */
const mostAtWork = 5

/** Half of the room for changes at most; then hosts to look at, and with what is left who is longest at work. */
function manyLines(picture: RunPicture, left: number, nowMs: number): readonly (readonly Piece[])[] {
  const changes = changeLines(picture.changes, Math.max(Math.floor(left / 2), 1))
  const room = left - changes.length
  const amiss = newest(picture.amiss, Math.max(Math.ceil(room / 2) - 1, 0))
  const amissLines = hostLines('To look at', amiss, picture.amiss.size, nowMs)
  const working = [...firstOf(picture.atWork.values(), Math.min(Math.max(room - amissLines.length - 1, 0), mostAtWork))]
  return [...changes, ...amissLines, ...hostLines('Longest at work', working, picture.atWork.size, nowMs)]
}

function hostLines(
  title: string,
  shown: readonly HostNow[],
  all: number,
  nowMs: number,
): readonly (readonly Piece[])[] {
  if (shown.length === 0) return []
  const more = all > shown.length ? `  ${shown.length} of ${all}` : ''
  return [[['dim', `${title}${more}`]], ...shown.map((host) => hostPieces(host, nowMs))]
}

function hostPieces({ id, state, since, says }: HostNow, nowMs: number): readonly Piece[] {
  const isAtWork = standings[state] === 'in-flight'
  return [
    `  ${safeLine(id).padEnd(16)}  `,
    [colours[standings[state]], hostStateWords[state]],
    isAtWork ? ['dim', `  ${lasted(nowMs - Date.parse(since))}`] : '',
    says === '' ? '' : `  ${safeLine(firstWords(says, state))}`,
  ]
}

/** Details of many lines come with the outcome; the outcome itself stands there already. */
function firstWords(says: string, state: RunHostState): string {
  const [first = ''] = says.split('\n', 1)
  return first.startsWith(`${state}: `) ? first.slice(state.length + 2) : first
}

/** Those at work, and those with hosts to look at, before others. One change is what the head says. */
function changeLines(changes: readonly ChangeNow[], most: number): readonly (readonly Piece[])[] {
  if (changes.length < 2) return []
  const numbered = changes.map((change, index) => ({
    change,
    number: index + 1,
    far: farOf(change.counts),
  }))
  const shown = numbered
    .toSorted((a, b) => Number(b.far.atWork + b.far.failed > 0) - Number(a.far.atWork + a.far.failed > 0))
    .slice(0, changes.length <= most ? most : Math.max(most - 1, 0))
    .toSorted((a, b) => a.number - b.number)
  const more = changes.length - shown.length
  return [
    ...shown.map(({ change, number, far }): readonly Piece[] => [
      `  change ${number}  `,
      ...bar(far, 12),
      `  ${far.over} of ${far.all}`,
      far.failed > 0 ? ['red', `  ${far.failed} failed`] : '',
      ['dim', `  ${waveWords(change)}`],
      `  ${safeLine(change.title)}`,
    ]),
    ...(more > 0 ? [[['dim', `  and ${more} more changes`]] as const] : []),
  ]
}

function waveWords({ wave }: ChangeNow): string {
  if (wave < 0) return 'not begun'
  return wave === 0 ? 'canary' : `wave ${wave + 1}`
}

interface Far {
  readonly all: number
  /** An outcome is there, whichever. */
  readonly over: number
  readonly done: number
  readonly failed: number
  readonly atWork: number
  readonly passedOver: number
}

function farOf(counts: Counts): Far {
  const by = (...meant: readonly Standing[]): number =>
    [...counts].reduce((sum, [state, count]) => sum + (meant.includes(standings[state]) ? count : 0), 0)
  const [done, failed, passedOver] = [by('done'), by('failed'), by('passed-over')]
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return { all, over: done + failed + passedOver, done, failed, passedOver, atWork: by('in-flight') }
}

/** Readable without colours, too: a sign for each. Nobody who failed is too few to be seen. */
function bar({ all, done, failed, atWork, passedOver }: Far, width: number): readonly Piece[] {
  const cells = (count: number): number =>
    count === 0 ? 0 : Math.max(Math.floor((count / Math.max(all, 1)) * width), 1)
  const parts = [
    { sign: '█', colour: 'green', cells: cells(done) },
    { sign: '×', colour: 'red', cells: cells(failed) },
    { sign: '▒', colour: 'cyan', cells: cells(atWork) },
    { sign: '·', colour: 'dim', cells: cells(passedOver) },
  ] as const
  let left = width
  const pieces = parts.map(({ sign, colour, cells: wanted }): Piece => {
    const taken = Math.min(wanted, left)
    left -= taken
    return [colour, sign.repeat(taken)]
  })
  return [...pieces, ['dim', '░'.repeat(left)]]
}

/** What is wrong before what is well, and both before what is still to come. */
const order: readonly Standing[] = ['failed', 'away', 'in-flight', 'done', 'passed-over', 'waiting', 'ahead']
const colours = {
  failed: 'red',
  away: 'yellow',
  'in-flight': 'cyan',
  done: 'green',
  'passed-over': 'dim',
  waiting: 'dim',
  ahead: 'dim',
} as const satisfies Record<Standing, keyof Paint>

function countPieces(counts: Counts): readonly Piece[] {
  return [...counts]
    .toSorted(([a], [b]) => order.indexOf(standings[a]) - order.indexOf(standings[b]))
    .flatMap(([state, count], index): Piece[] => [
      index === 0 ? '' : ' · ',
      [colours[standings[state]], `${count} ${hostStateWords[state]}`],
    ])
}

function trafficPieces({ hosts, before, now }: Traffic): readonly (readonly Piece[])[] {
  if (now === null) return []
  const was = before === null ? '' : `${percent(before)} before, `
  return [['5xx: ', `${was}${percent(now)} now`, ['dim', `  on ${hostCount(hosts)}`]]]
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function lasted(ms: number): string {
  const s = Math.max(Math.round(ms / 1000), 0)
  if (s < 60) return `${s} s`
  return s < 3600
    ? `${Math.floor(s / 60)} min ${s % 60} s`
    : `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

function newest(hosts: ReadonlyMap<string, HostNow>, count: number): readonly HostNow[] {
  return count === 0 ? [] : [...hosts.values()].slice(-count).toReversed()
}

function firstOf<Value>(values: Iterable<Value>, count: number): readonly Value[] {
  return Iterator.from(values).take(count).toArray()
}
