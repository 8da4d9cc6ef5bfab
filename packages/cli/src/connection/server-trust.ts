/**
 * How a controller is known before anything is said to it: by an authority that was pinned at login, by a fingerprint that
 * its admin handed over, or by those that this computer trusts anyway.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, getCACertificates } from 'node:tls'
import type { Digest } from '@fleetmend/shared'

/** Certificates, PEM, that are trusted for this connection and no others. */
export type Trusted = readonly string[]

export function knownAuthorities(): Trusted {
  return [...getCACertificates('default'), ...getCACertificates('system')]
}

export interface Shown {
  /** The server's own first, its authority last. */
  readonly chain: readonly X509Certificate[]
  /** Null: this computer knows who vouches for it. Otherwise why not. */
  readonly unknownBecause: string | null
}

export type Looked =
  | { readonly ok: true; readonly value: Shown }
  | { readonly ok: false; readonly code: string; readonly says: string }

const limitMs = 15_000

/** Looks at the certificates that are shown there. Nothing is sent, and nothing is believed yet. */
export function lookAtServer(url: string): Promise<Looked> {
  const { host, port } = targetOf(url)
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      minVersion: 'TLSv1.3',
      ca: [...knownAuthorities()],
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    })
    const finish = (looked: Looked): void => {
      socket.destroy()
      resolve(looked)
    }
    socket.setTimeout(limitMs, () => finish({ ok: false, code: 'ETIMEDOUT', says: 'no answer in time' }))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish({ ok: false, code: error.code ?? '', says: error.message }),
    )
    socket.on('secureConnect', () => {
      const chain: X509Certificate[] = []
      let next = socket.getPeerCertificate(true)
      // The last of a chain is its own issuer, or has none.
      while (next?.raw && !chain.some(({ raw }) => next.raw.equals(raw))) {
        chain.push(new X509Certificate(next.raw))
        next = next.issuerCertificate
      }
      const { authorized, authorizationError } = socket
      // A sentence in OpenSSL's words or a code; what is typed as an error is a string, too.
      finish({ ok: true, value: { chain, unknownBecause: authorized ? null : String(authorizationError) } })
    })
  })
}

export function fingerprintOf({ raw }: Pick<X509Certificate, 'raw'>): Digest {
  return `sha256:${createHash('sha256').update(raw).digest('hex')}`
}

export function targetOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) }
}
