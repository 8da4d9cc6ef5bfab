/**
 * What the driver needs of a store. An event and the run that follows from it are saved together or not at all, and only
 * by the controller that holds the run's lease.
 */
import type { HostId, Run, RunId } from '@fleetmend/shared'
import type { InChange, RoomLimit } from './room.ts'
import type { RecordedEvent, RunEvent, Started } from './run-event.ts'

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

/** Hosts that an event changes: those that it puts in change, as far as these limits allow, and those that it takes out. */
export interface ChangeOfHosts {
  readonly begun: readonly HostId[]
  readonly left: readonly HostId[]
  /** They may be at work, and nobody hears of them: they count, and hold up no other run that would begin them. */
  readonly givenUp: readonly HostId[]
  /** Given up before, and now it is known what became of them. */
  readonly known: readonly HostId[]
  readonly limits: readonly RoomLimit[]
  /** The run as it is stored, so that only hosts that are another object now are written; null: all of them. */
  readonly since: Run | null
}

/**
 * not-ours: another controller has the run, or has changed it; this one must let go of it · no-room: another run was faster
 * to begin one of these hosts, or too many of their kind.
 */
export type Saved =
  | { readonly kind: 'saved'; readonly recorded: RecordedEvent }
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'no-room' }

/**
 * By what a request to begin a run is known again: everybody's keys are their own. It is good for as long as the run is
 * there, which is for ever: a key that was forgotten some day would begin a second run on that day.
 */
export interface StartKey {
  readonly by: string
  readonly key: string
}

export type Created =
  | { readonly kind: 'created'; readonly recorded: RecordedEvent }
  | { readonly kind: 'known'; readonly run: RunId }

export interface RunStore {
  /** `key`: of the request; where a run was begun with it before, nothing is saved. */
  create(run: Run, started: Started, lease: Lease, key?: StartKey): Promise<Created>
  startedWith(key: StartKey): Promise<RunId | null>
  save(next: StoredRun, event: RunEvent, lease: Lease, hosts: ChangeOfHosts): Promise<Saved>
  /** The hosts in change now, over all runs of all controllers. */
  inChange(): Promise<readonly InChange[]>
  /** Nobody will ever know what became of it. */
  forgetGivenUp(host: HostId, run: RunId): Promise<void>
  load(id: RunId): Promise<StoredRun | null>
  /**
   * Renews what is this owner's, and takes every run that has not ended and is nobody's; those that it did not have yet
   * (`mine` it has) are returned.
   */
  claim(lease: Lease, nowMs: number, mine: readonly RunId[]): Promise<readonly StoredRun[]>
}
