/**
 * What the other side offers, as a client with the types of its router: the one of `createTRPCClient`, without the layers
 * between a call and its frame. Those cost more than the rest of a call together.
 */
import type { TRPCClient } from '@trpc/client'
import type { AnyTRPCRouter } from '@trpc/server'
import type { CallOptions } from './peer-calling.ts'
import type { Peer } from './peer.ts'
import { eventsOf, type SubscriptionHandlers } from './subscription.ts'

/** Makes calls by path: a `Peer`. */
type Caller = Pick<Peer, 'query' | 'mutation' | 'subscription'>

export function clientOver<TRouter extends AnyTRPCRouter>(caller: Caller): TRPCClient<TRouter> {
  return at({ caller, path: '' }) as TRPCClient<TRouter>
}

interface Place {
  readonly caller: Caller
  /** `remediate.plan` */
  readonly path: string
}

/** Made anew for each access: nothing of it stays for the thousands of agents that are asked nothing. */
function at(place: Place): unknown {
  return new Proxy(place, below)
}

const below: ProxyHandler<Place> = {
  get({ caller, path }, name) {
    // A client that is awaited is no promise.
    if (typeof name !== 'string' || name === 'then') return undefined
    if (path === '') return at({ caller, path: name })
    if (name === 'query') return (input?: unknown, options?: CallOptions) => caller.query(path, input, options)
    if (name === 'mutate') return (input?: unknown, options?: CallOptions) => caller.mutation(path, input, options)
    if (name !== 'subscribe') return at({ caller, path: `${path}.${name}` })
    return (input?: unknown, options: CallOptions & SubscriptionHandlers = {}) =>
      hasHandler(options)
        ? caller.subscription(path, input, options)
        : eventsOf((handlers) => caller.subscription(path, input, { ...options, ...handlers }))
  },
}

function hasHandler({ onStarted, onData, onError, onStopped, onComplete }: SubscriptionHandlers): boolean {
  return (onStarted ?? onData ?? onError ?? onStopped ?? onComplete) !== undefined
}
