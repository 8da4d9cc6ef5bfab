/** The way to a controller over the network: TLS 1.3 with a controller that is known, a WebSocket, and a peer on it. */
import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  API_PATH,
  AUTHORITIES_HEADER,
  CLOSE_GRACE_MS,
  MAX_FRAME_BYTES,
  Peer,
  problem,
  problemOf,
  shellWord,
  webSocketChannel,
  type Problem,
} from '@fleetmend/shared'
import type { ClientOptions } from 'ws'
import type { Connected } from './connect-socket.ts'
import type { Trusted } from './server-trust.ts'

export interface NetworkWay {
  readonly url: string
  readonly token: string
  readonly trusted: Trusted
}

/** `authorities`: by which it says that it is to be known from now on, PEM; null: it says nothing of that. */
export type NetworkConnected =
  | (Extract<Connected, { ok: true }> & { readonly authorities: string | null })
  | Extract<Connected, { ok: false }>

const handshakeLimitMs = 15_000

export async function connectNetwork({ url, token, trusted }: NetworkWay): Promise<NetworkConnected> {
  // Only here: whoever asks over the socket of this machine need not wait for it.
  const { WebSocket } = await import('ws')
  return new Promise((resolve) => {
    const settings: ClientOptions & { readonly closeTimeout: number; readonly allowPartialTrustChain: boolean } = {
      ca: [...trusted],
      // What was pinned may itself be issued by somebody, and is trusted all the same.
      allowPartialTrustChain: true,
      minVersion: 'TLSv1.3',
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: handshakeLimitMs,
      closeTimeout: CLOSE_GRACE_MS,
      // The token is for this controller, and not for whom it may name.
      followRedirects: false,
    }
    const ws = new WebSocket(new URL(API_PATH, url), settings)
    let socket: Socket | undefined
    let authorities: string | null = null
    ws.on('upgrade', ({ socket: under, headers }) => {
      socket = under
      authorities = authoritiesIn(headers[AUTHORITIES_HEADER])
    })
    // In this very turn: frames that arrive before anybody listens would be lost.
    ws.on('open', () => {
      const peer = new Peer(webSocketChannel(ws, socket ? { socket } : {}))
      resolve({ ok: true, peer, authorities })
    })
    ws.on('unexpected-response', (request, response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.length < 16 && chunks.push(chunk))
      response.on('close', () => {
        const told = turnedAway(url, Buffer.concat(chunks).toString('utf8'), response.statusCode ?? 0)
        resolve({ ok: false, problem: told, again: told.code === 'busy' })
      })
      response.on('end', () => request.destroy())
    })
    ws.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ ok: false, ...notReached(url, error.code ?? '', error.message) }),
    )
  })
}

const mostAuthorities = 4

/** The line is one with the controller, so that what it says of itself can be believed. */
function authoritiesIn(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string') return null
  try {
    const listed = header.split(',').slice(0, mostAuthorities)
    return listed.map((der) => new X509Certificate(Buffer.from(der, 'base64')).toString()).join('')
  } catch {
    return null
  }
}

/** `code`: of Node's sockets or TLS, or of OpenSSL. `again`: it may come by itself. */
export function notReached(
  url: string,
  code: string,
  says: string,
): { readonly problem: Problem; readonly again: boolean } {
  if (strangers.has(code)) return { problem: stranger(url, says), again: false }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return { problem: otherName(url, says), again: false }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return {
      problem: problem(
        'not-the-controller',
        `The certificate shown at ${url} is out of date by the clock of this computer (${says}), so nothing was sent there. Check the clock; then whether the controller still gets new certificates.`,
      ),
      again: false,
    }
  const told = `No controller answers at ${url}: ${says || code}. Check that it runs with --api-listen, and that this computer may connect to that port.`
  return { problem: problem('controller-unreachable', told), again: code !== 'ENOTFOUND' }
}

/** What OpenSSL says of a chain that ends at nobody we know (X509_STORE_CTX_get_error(3)), as Node writes it. */
const strangers: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
])

export function stranger(url: string, says: string): Problem {
  return problem(
    'not-the-controller',
    `What answers at ${url} has no certificate by which this computer knows your controller (${says}), so nothing was sent there: somebody else may pose as it, or its authority was replaced. Ask an admin of the fleet for the fingerprint, which the controller tells when it makes a token, and sign in again:\n    fleetmend login ${shellWord(url)} --fingerprint sha256:…`,
  )
}

function otherName(url: string, says: string): Problem {
  return problem(
    'not-the-controller',
    `What answers at ${url} has a certificate for other names, so nothing was sent there: ${says}\n\nThe controller learns further names when it is started:\n    fleetmend controller serve --name ${shellWord(new URL(url).hostname)} …`,
  )
}

function turnedAway(url: string, body: string, status: number): Problem {
  const document = parseJson(body)
  // The controller's own words, with its code.
  if (typeof document === 'object' && document !== null && 'problem' in document) return problemOf({ data: document })
  return problem(
    'controller-unreachable',
    `What answers at ${url} does not serve people (HTTP ${status}). Check the address: the port for agents is another one.`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
