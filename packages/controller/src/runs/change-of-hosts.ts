/** What an event means for the hosts of the fleet: who is in change from now on, who is not, and of whom nobody knows. Pure. */
import type { HostId, Run } from '@fleetmend/shared'
import { isGivenUp, standingOf } from './host-states.ts'
import { placesChanged } from './host-tally.ts'
import type { RoomLimit } from './room.ts'
import type { ChangeOfHosts } from './run-store.ts'

export function changeOfHosts(before: Run, after: Run, limits: readonly RoomLimit[]): ChangeOfHosts {
  const begun: HostId[] = []
  const left: HostId[] = []
  const givenUp: HostId[] = []
  const known: HostId[] = []
  for (const place of placesChanged(before.hosts, after.hosts)) {
    const [was, host] = [before.hosts[place], after.hosts[place]]
    if (!was || !host) continue
    const [wasInChange, isInChange] = [was, host].map((each) => standingOf(each) === 'in-flight')
    if (isInChange && !wasInChange) begun.push(host.id)
    if (wasInChange && !isInChange) left.push(host.id)
    if (isGivenUp(host) && !isGivenUp(was)) givenUp.push(host.id)
    if (isGivenUp(was) && !isGivenUp(host)) known.push(host.id)
  }
  return { begun, left, givenUp, known, limits, since: before }
}
