/** A host that is asked no more once nobody wants the answer: a look is many questions, and the next one is not asked. */

/** Throws the signal's reason where it would ask. */
export function untilGivenUp<Asked extends object>(host: Asked, signal: AbortSignal | undefined): Asked {
  if (signal === undefined) return host
  return new Proxy(host, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: readonly unknown[]): unknown => {
        signal.throwIfAborted()
        return Reflect.apply(member, target, args)
      }
    },
  })
}
