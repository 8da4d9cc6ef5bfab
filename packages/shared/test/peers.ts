/** A caller and a server on the two ends of a line, and what tests of them need. */
import type { TRPCClient } from '@trpc/client'
import type { Channel } from '../src/wire/channel.ts'
import { clientOver } from '../src/wire/client-over.ts'
import { Peer, type PeerOptions } from '../src/wire/peer.ts'
import type { Line } from './lines.ts'
import { trial, type Trial, type TrialRouter } from './trial-router.ts'

export interface Pair {
  readonly client: TRPCClient<TrialRouter>
  readonly trial: Trial
  readonly caller: Peer
  readonly server: Peer
}

export function peersOn(line: Line, options: { caller?: PeerOptions; server?: PeerOptions } = {}): Pair {
  const served = trial()
  const server = new Peer(line.right, { router: served.router, ...options.server })
  const caller = new Peer(line.left, options.caller)
  const client = clientOver<TrialRouter>(caller)
  return { client, trial: served, caller, server }
}

/** For a peer that only has to be there. */
export function attach(channel: Channel, options: PeerOptions = {}): Peer {
  return new Peer(channel, options)
}

/** What a call failed with. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('The call was answered.')
}

export async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve))
}
