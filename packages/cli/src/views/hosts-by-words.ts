/** Hosts of a run of which the same is to be said. Pure. */
import type { RunHost } from '@fleetmend/shared'
import { hostStateWords } from './run-words.ts'

export interface SaidOfHosts {
  readonly words: string
  readonly says: string
  readonly hosts: readonly string[]
}

export function withoutPlan(hosts: readonly RunHost[]): readonly SaidOfHosts[] {
  return hostsByWords(hosts.filter(({ plan }) => plan === null))
}

export function hostsByWords(hosts: readonly RunHost[]): readonly SaidOfHosts[] {
  const groups = Map.groupBy(hosts, ({ state, says }) => JSON.stringify([state, says]))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first
      ? [{ words: hostStateWords[first.state], says: first.says ?? '', hosts: group.map(({ id }) => id) }]
      : []
  })
}
