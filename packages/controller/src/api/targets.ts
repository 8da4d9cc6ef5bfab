/** From words to hosts: names, a label selector, or nothing for the whole fleet. Never silently fewer than were meant. */
import { problem, type HostRecord } from '@fleetmend/shared'
import { readSelector, selects } from '../fleet/selector.ts'
import type { Answer, Target } from './controller-service.ts'

/** `all`: every host there is, sorted by name. */
export function hostsMeant(all: readonly HostRecord[], { hosts, selector }: Target): Answer<readonly HostRecord[]> {
  if (hosts && selector !== undefined)
    return refuse('usage', 'Name hosts, or select them by label with -l; both at once could mean two things.')
  if (hosts) return named(all, hosts)
  if (selector === undefined)
    return all.length > 0 ? { ok: true, value: all } : refuse('empty-selection', `There are no hosts yet. ${invite}`)
  const read = readSelector(selector)
  if (!read.ok) return read
  const value = all.filter(({ labels }) => selects(read.value, labels))
  return value.length > 0 ? { ok: true, value } : refuse('empty-selection', nothingMatches(all, selector))
}

const invite = 'To let one in:\n    fleetmend hosts invite'

function named(all: readonly HostRecord[], names: readonly string[]): Answer<readonly HostRecord[]> {
  const known = new Map(all.map((host) => [host.id, host]))
  const unknown = [...new Set(names)].filter((name) => !known.has(name))
  if (unknown.length === 0) return { ok: true, value: all.filter(({ id }) => names.includes(id)) }
  const list = unknown.map((name) => JSON.stringify(name.slice(0, 80))).join(', ')
  const near = nearest(all, unknown[0] ?? '')
  const hint = near === null ? '' : ` Is ${near} meant?`
  return refuse(
    'unknown-host',
    `There is no host ${list} in this fleet.${hint} To see those there are:\n    fleetmend hosts list`,
  )
}

function nothingMatches(all: readonly HostRecord[], selector: string): string {
  const labels = new Set(all.flatMap((host) => Object.entries(host.labels).map(([key, value]) => `${key}=${value}`)))
  const some = [...labels].toSorted().slice(0, 20).join(', ')
  const there = some === '' ? 'No host has a label.' : `Labels there are: ${some}.`
  return `No host has the labels ${JSON.stringify(selector.slice(0, 200))}. ${there}\n\nTo see all hosts:\n    fleetmend hosts list`
}

/** The name with the fewest letters to change, if that is few enough to be a slip. */
function nearest(all: readonly HostRecord[], name: string): string | null {
  const distances = all.map(({ id }) => ({ id, distance: distance(id, name.slice(0, 64)) }))
  const best = distances.toSorted((a, b) => a.distance - b.distance)[0]
  return best && best.distance <= 2 ? best.id : null
}

/** Levenshtein's, a row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substituted))
    }
    row = next
  }
  return row[b.length] ?? 0
}

function refuse(code: 'usage' | 'unknown-host' | 'empty-selection', detail: string): Answer<never> {
  return { ok: false, problem: problem(code, detail) }
}
