/** Work that must not be done at the same time, or in another order than it was asked for. */

export type InTurn = <Value>(work: () => Promise<Value>) => Promise<Value>

/** Each begins when the one before has ended, however that ended. */
export function inTurn(): InTurn {
  const turn = inTurnOfEach<null>()
  return (work) => turn(null, work)
}

export type InTurnOfEach<Key> = <Value>(key: Key, work: () => Promise<Value>) => Promise<Value>

/** As `inTurn`, for each key by itself; what is of different keys goes on at the same time. */
export function inTurnOfEach<Key>(): InTurnOfEach<Key> {
  const last = new Map<Key, Promise<unknown>>()
  return (key, work) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work)
    const over = mine.catch(() => undefined)
    last.set(key, over)
    void over.then(() => last.get(key) === over && last.delete(key))
    return mine
  }
}
