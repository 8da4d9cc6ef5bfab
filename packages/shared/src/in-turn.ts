/** Work that must not be done at the same time, or in another order than it was asked for. */

export type InTurn = <Value>(work: () => Promise<Value>) => Promise<Value>

/** Each begins when the one before has ended, however that ended. */
export function inTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}
