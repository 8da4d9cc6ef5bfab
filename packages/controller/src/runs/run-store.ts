/**
 * What the driver needs of a store. An event and the run that follows from it are saved together or not at all, and only
 * by the controller that holds the run's lease.
 */
import type { HostId, Run, RunId } from '@fleetmend/shared'
import type { RunEvent, Started } from './run-event.ts'

/** For how long a run is one controller's: it renews the lease while it lives, and others take the run up afterwards. */
export interface Lease {
  readonly owner: string
  readonly expiresMs: number
}

export interface StoredRun {
  readonly run: Run
  /** The number of events that made it what it is. */
  readonly revision: number
}

/** not-ours: another controller has the run, or has changed it; this one must let go of it. */
export type Saved<Recorded> = { readonly kind: 'saved'; readonly recorded: Recorded } | { readonly kind: 'not-ours' }

export interface RunStore<Recorded> {
  create(run: Run, started: Started, lease: Lease): Promise<Recorded>
  save(next: StoredRun, event: RunEvent, lease: Lease): Promise<Saved<Recorded>>
  load(id: RunId): Promise<StoredRun | null>
  /** Takes every run that has not ended and is nobody's, and renews what is this owner's; the runs that are new to it. */
  claim(lease: Lease, nowMs: number, mine: readonly RunId[]): Promise<readonly StoredRun[]>
}

/** The host that an event is about, if it is about one. */
export function hostOfEvent(event: RunEvent): HostId | null {
  return 'host' in event ? event.host : null
}
