/** Which addresses `localhost` means on this host, as getaddrinfo(3) with AI_ADDRCONFIG answers nginx. */

/**
 * By `/etc/hosts` and `/proc/net/if_inet6`. The library leaves IPv6 out where no interface but the loopback has such an
 * address; a file that does not name localhost makes it both.
 */
export function localhostAddresses(hosts: string, ifInet6: string): readonly ('127.0.0.1' | '[::1]')[] {
  const named = hosts
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter(([, ...names]) => names.some((name) => name.toLowerCase() === 'localhost'))
    .map(([address]) => address)
  const isBoth = named.length === 0
  const hasIpv6 = ifInet6.split('\n').some((line) => /^[0-9a-f]{32} /.test(line) && !line.startsWith(loopback))
  return [
    ...(isBoth || named.includes('127.0.0.1') ? ['127.0.0.1' as const] : []),
    ...((isBoth || named.includes('::1')) && hasIpv6 ? ['[::1]' as const] : []),
  ]
}

const loopback = '00000000000000000000000000000001 '
