/** The addresses of this host, from `/proc/net/fib_trie` and `/proc/net/if_inet6`, written the canonical way. */

/** A leaf `|-- ADDRESS` is followed by its routes; `/32 host LOCAL` marks an address of this host. */
export function readIpv4Addresses(fibTrie: string): ReadonlySet<string> {
  const found = new Set<string>()
  let leaf = ''
  for (const line of fibTrie.split('\n')) {
    leaf = /\|-- (\d+\.\d+\.\d+\.\d+)/.exec(line)?.[1] ?? leaf
    if (/\/32 host LOCAL\b/.test(line)) found.add(leaf)
  }
  return found
}

export function readIpv6Addresses(ifInet6: string): ReadonlySet<string> {
  const addresses = ifInet6.split('\n').flatMap((line) => {
    const groups = /^([0-9a-f]{32}) /.exec(line)?.[1]?.match(/.{4}/g)
    const canonical = groups ? canonicalIpv6(groups.join(':')) : null
    return canonical === null ? [] : [canonical]
  })
  return new Set(addresses)
}

/** RFC 5952 form, as the URL parser writes it; null when it is no IPv6 address. */
export function canonicalIpv6(address: string): string | null {
  const url = URL.parse(`http://[${address}]`)
  return url === null ? null : url.hostname.slice(1, -1)
}
