/** The open lines of people: a few for each, and each only as long as what it was let in by is good. */
import { problem, type Peer } from '@fleetmend/shared'
import type { Clock } from '../runs/clock.ts'
import type { Caller } from './caller.ts'
import type { People } from './people.ts'

export interface PeopleLines {
  hasRoom(caller: Caller): boolean
  add(peer: Peer, caller: Caller): void
  close(): void
}

export function peopleLines(people: People, clock: Clock, perName: number): PeopleLines {
  const open = new Map<Peer, Caller>()
  const cut = (peer: Peer, why: string): void => peer.close(problem('api-token-over', why))

  const forget = people.onOver((isOver) => {
    for (const [peer, caller] of open)
      if (isOver(caller)) cut(peer, 'What this connection was let in by has just been revoked.')
  })

  return {
    hasRoom: ({ name }) => [...open.values()].filter((each) => each.name === name).length < perName,
    add(peer, caller) {
      open.set(peer, caller)
      const ended = new AbortController()
      void peer.ended.then(() => {
        open.delete(peer)
        ended.abort()
      })
      // Revoked between the handshake and now.
      void people.whyOver(caller).then((over) => over && peer.close(over))
      const endMs = endOf(caller)
      if (endMs === Infinity) return
      void clock.sleep(endMs - clock.nowMs(), ended.signal).then(() => {
        if (!ended.signal.aborted) cut(peer, 'What this connection was let in by is now too old.')
      })
    },
    close() {
      forget()
      for (const peer of open.keys()) peer.close()
    },
  }
}

function endOf({ token, session }: Caller): number {
  const ends = [token?.expiresAt, session?.expiresAt].flatMap((at) => (at === undefined || at === null ? [] : [at]))
  return Math.min(...ends.map((at) => Date.parse(at)))
}
