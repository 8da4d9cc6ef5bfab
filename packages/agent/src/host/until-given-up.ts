/** A host that is asked no more once nobody wants the answer: a look is many questions, and the next one is not asked. */
import { aroundEach } from './around-each.ts'

/** Throws the signal's reason where it would ask. */
export function untilGivenUp<Asked extends object>(host: Asked, signal: AbortSignal | undefined): Asked {
  if (signal === undefined) return host
  return aroundEach(host, (ask) => {
    signal.throwIfAborted()
    return ask()
  })
}
