/**
 * How a new host knows its controller: the join token carries the fingerprint of the controller's own authority. The first
 * connection says nothing and only looks for that authority; every later one trusts it and nobody else.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { problem, type Digest, type Problem } from '@fleetmend/shared'

export type AuthorityFound =
  | { readonly ok: true; readonly pem: string }
  | { readonly ok: false; readonly problem: Problem }

const limitMs = 15_000

/** `url`: `wss://…`. The certificate of the authority with this fingerprint, from the chain that is presented there. */
export async function findPinnedAuthority(url: string, fingerprint: Digest): Promise<AuthorityFound> {
  const chain = await presentedChain(new URL(url))
  if (!chain.ok) return { ok: false, problem: notReached(url, chain.says) }
  const found = chain.certificates.find((der) => fingerprintOf(der) === fingerprint)
  if (found) return { ok: true, pem: new X509Certificate(found).toString() }
  return { ok: false, problem: impostor(url, 'it does not have the certificate that the join token was made for') }
}

/** As a clause: `it does not have …`. */
export function impostor(url: string, why: string): Problem {
  return problem(
    'not-the-controller',
    `Somebody else may pose as the controller at ${url}: ${why}. Nothing was sent to it.\n\nCheck the address with whoever made the token, and make a new one on the controller:\n    fleetmend hosts invite`,
  )
}

export function notReached(url: string, why: string): Problem {
  return problem(
    'controller-unreachable',
    `No controller answers at ${url}: ${why}. Check that it runs, and that this host may connect to that port.`,
  )
}

export function fingerprintOf(der: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(der).digest('hex')}`
}

type Chain =
  | { readonly ok: true; readonly certificates: readonly Uint8Array[] }
  | { readonly ok: false; readonly says: string }

function presentedChain({ hostname, port }: URL): Promise<Chain> {
  const host = hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      minVersion: 'TLSv1.3',
      // Nothing is said on this connection, and nothing that it says is believed but a certificate with a known hash.
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    })
    const finish = (chain: Chain): void => {
      socket.destroy()
      resolve(chain)
    }
    socket.setTimeout(limitMs, () => finish({ ok: false, says: 'no answer in time' }))
    socket.on('error', (error) => finish({ ok: false, says: error.message }))
    socket.on('secureConnect', () => {
      const certificates: Uint8Array[] = []
      let next = socket.getPeerCertificate(true)
      // The last of a chain is its own issuer, or has none.
      while (next?.raw && !certificates.some((known) => next.raw.equals(known))) {
        certificates.push(next.raw)
        next = next.issuerCertificate
      }
      finish({ ok: true, certificates })
    })
  })
}
