/** So many hosts, or so much of a number of hosts: `3`, `10%`. Pure. */
import * as z from 'zod/mini'

export const Share = z.union([
  z.int().check(z.nonnegative(), z.maximum(100_000)),
  z.templateLiteral([z.string().check(z.regex(/^(100|[1-9]?\d)$/)), '%']),
])
export type Share = z.infer<typeof Share>

/** Part of a host is a whole one: 10 % of seven hosts are one, and 0 % none. */
export function shareOf(share: Share, hosts: number): number {
  return typeof share === 'number' ? share : Math.ceil((Number.parseInt(share, 10) * hosts) / 100)
}

/** `3` or `10%`, as people write it; null: neither. */
export function readShare(text: string): Share | null {
  const read = Share.safeParse(/^\d{1,6}$/.test(text) ? Number(text) : text)
  return read.success ? read.data : null
}

export function shareText(share: Share): string {
  return typeof share === 'number' ? `${share}` : share.replace('%', ' %')
}
