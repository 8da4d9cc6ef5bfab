/** A host of which every question and every deed goes through one function, which may do something before or instead. */

/** `ask` does what was asked for; `name` and `args` say what that is. */
export type AroundEach = (ask: () => unknown, name: PropertyKey, args: readonly unknown[]) => unknown

export function aroundEach<Asked extends object>(host: Asked, around: AroundEach): Asked {
  return new Proxy(host, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: readonly unknown[]): unknown => around(() => Reflect.apply(member, target, args), name, args)
    },
  })
}
