/** Many hosts in a line: all names while they are few, then those that count on as one, `web-[1-240]`. Pure. */
const namedAtMost = 6

/** Of what is counted on; who reads more of them looks into the document. */
const rangesAtMost = 12

export function hostNames(hosts: readonly string[]): string {
  if (hosts.length <= namedAtMost) return hosts.join(', ')
  const families = familiesOf(hosts)
  const named: string[] = []
  let ranges = 0
  let left = hosts.length
  for (const family of families) {
    const shown = family.ranges.slice(0, rangesAtMost - ranges)
    if (shown.length === 0) break
    ranges += shown.length
    left -= shown.reduce((sum, { count }) => sum + count, 0)
    named.push(familyText(family, shown))
  }
  return left === 0 ? named.join(', ') : `${named.join(', ')} and ${left} more`
}

export function hostCount(count: number): string {
  return count === 1 ? 'one host' : `${count} hosts`
}

interface Range {
  readonly from: string
  readonly to: string
  readonly count: number
}

/** Names that differ in one number. */
interface Family {
  readonly before: string
  readonly after: string
  readonly ranges: readonly Range[]
}

function familyText({ before, after }: Family, ranges: readonly Range[]): string {
  const [first] = ranges
  if (ranges.length === 1 && first?.count === 1) return `${before}${first.from}${after}`
  return `${before}[${ranges.map(({ from, to, count }) => (count === 1 ? from : `${from}-${to}`)).join(',')}]${after}`
}

/** By the number in which most of them differ: the first, as in `web-7.rack2.example`, or a later one. */
function familiesOf(hosts: readonly string[]): readonly Family[] {
  const most = Math.max(...hosts.map((host) => host.match(/\d+/g)?.length ?? 0))
  const ways = Array.from({ length: Math.max(most, 1) }, (_, place) =>
    Map.groupBy(hosts, (host) => templateOf(host, place)),
  )
  const best = ways.reduce((a, b) => (b.size < a.size ? b : a))
  const at = ways.indexOf(best)
  return [...best].map(([, members]) => familyOf(members, at))
}

/** Numbers with zeros before them belong to those of the same width. */
function templateOf(host: string, place: number): string {
  const { before, digits, after } = split(host, place)
  return JSON.stringify([
    before,
    after,
    digits.startsWith('0') && digits.length > 1 ? digits.length : digits === '' ? 0 : 1,
  ])
}

function split(
  host: string,
  place: number,
): { readonly before: string; readonly digits: string; readonly after: string } {
  const found = [...host.matchAll(/\d+/g)][place]
  if (!found) return { before: host, digits: '', after: '' }
  return {
    before: host.slice(0, found.index),
    digits: found[0],
    after: host.slice(found.index + found[0].length),
  }
}

function familyOf(members: readonly string[], place: number): Family {
  const parts = members.map((host) => split(host, place))
  const { before = '', after = '' } = parts[0] ?? {}
  // Digits, not numbers: a number of any length stays what it is.
  const sorted = parts.map(({ digits }) => digits).toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))
  const ranges: { from: string; to: string; count: number }[] = []
  for (const digits of sorted) {
    const last = ranges.at(-1)
    if (last && digits !== '' && BigInt(digits) === BigInt(last.to) + 1n) {
      last.to = digits
      last.count++
    } else ranges.push({ from: digits, to: digits, count: 1 })
  }
  return { before, after, ranges }
}
