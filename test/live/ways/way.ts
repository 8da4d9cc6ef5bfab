/** A way to the agent of a host, for a suite that does not know which: everything it needs is a line, and what lies on it. */
import type { Channel } from '@fleetmend/shared'
import type { FaultProxy } from '../../lab/fault-proxy.ts'

export interface Way extends AsyncDisposable {
  /** Between the two ends; all lines of this way go through it. */
  readonly between: FaultProxy
  open(): Promise<Line>
}

export interface Line {
  readonly channel: Channel
  /** Gives up what the line stands on, once its channel has ended. */
  leave(): Promise<void>
}
