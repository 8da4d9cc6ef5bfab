/** C's atoi: leading blanks, a sign, digits, and silence about everything behind them. */

const LONG_MAX = 2n ** 63n - 1n

/** A 32 bit int, as glibc computes it: strtol stops at LONG_MAX, and the cast to int keeps the low bits. */
export function atoi(text: string): number {
  const digits = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1]
  if (digits === undefined) return 0
  const long = BigInt(digits.replace('+', ''))
  const held = long > LONG_MAX ? LONG_MAX : long < -LONG_MAX - 1n ? -LONG_MAX - 1n : long
  return Number(BigInt.asIntN(32, held))
}
