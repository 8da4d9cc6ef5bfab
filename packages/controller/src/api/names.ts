/** Names for somebody who is typing one: those that begin so, with a word about each, and none of the documents behind them. */
import type { Labels, Run, RunId, RunState } from '@fleetmend/shared'

export interface NamesAsked {
  readonly of: 'hosts' | 'labels' | 'runs' | 'groups'
  readonly begins: string
  /** Whose change groups are meant. */
  readonly run?: RunId
}

export interface Name {
  readonly name: string
  /** What it is; empty: the name says it. */
  readonly says: string
}

interface Labelled {
  readonly id: string
  readonly labels: Labels
  readonly connected: boolean
}

export function hostNamesOf(hosts: readonly Labelled[], begins: string): readonly Name[] {
  return hosts
    .filter(({ id }) => id.startsWith(begins))
    .map(({ id, labels, connected }) => ({
      name: id,
      says: [...pairsOf(labels), ...(connected ? [] : ['not connected'])].join(', '),
    }))
}

/** Each `key=value` once, with how many hosts have it. */
export function labelNamesOf(hosts: readonly Labelled[], begins: string): readonly Name[] {
  const counts = new Map<string, number>()
  for (const { labels } of hosts)
    for (const pair of pairsOf(labels)) if (pair.startsWith(begins)) counts.set(pair, (counts.get(pair) ?? 0) + 1)
  return [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => ({ name, says: count === 1 ? 'one host' : `${count} hosts` }))
}

export function runNamesOf(
  runs: readonly { readonly id: RunId; readonly state: RunState }[],
  begins: string,
): readonly Name[] {
  return runs.filter(({ id }) => id.startsWith(begins)).map(({ id, state }) => ({ name: id, says: state }))
}

export function groupNamesOf({ groups }: Pick<Run, 'groups'>, begins: string): readonly Name[] {
  return groups
    .filter(({ key }) => key.startsWith(begins))
    .map(({ key, hosts, remediations }) => ({
      name: key,
      says: `${remediations.map(({ id }) => id).join(', ')} on ${hosts.length === 1 ? hosts[0] : `${hosts.length} hosts`}`,
    }))
}

function pairsOf(labels: Labels): readonly string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`)
}
