/**
 * The fleet's own certificate authority. It knows agents and nothing else: agents trust it by the fingerprint in their
 * join token, the controller trusts nobody else's certificates. Short-lived certificates instead of revocation lists.
 */
// Before x509, whose container looks for it while it is loaded.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import { createHash, createPublicKey, randomBytes, webcrypto, X509Certificate, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as Issued,
  X509CertificateGenerator,
  type Extension,
} from '@peculiar/x509'
import type { Digest, HostId, Instant } from '@fleetmend/shared'
import { writePrivateFile } from '../store/private-folder.ts'

export interface CertificateAuthority {
  /** Part of every identity, so that a host of one fleet is nobody in another. */
  readonly fleet: string
  readonly certificate: string
  readonly fingerprint: Digest
  /** A new key each time, which never touches a disk: the controller makes one when it starts, and before it is too old. */
  issueServerCertificate(names: readonly string[], nowMs: number): Promise<ServerCertificate>
  issueClientCertificate(host: HostId, publicKey: KeyObject, nowMs: number): Promise<ClientCertificate>
}

export interface ServerCertificate {
  /** With the authority's behind it, so that agents can know it by its fingerprint. */
  readonly chain: string
  readonly key: string
  readonly expiresMs: number
}

export interface ClientCertificate {
  readonly certificate: string
  readonly fingerprint: Digest
  readonly keyFingerprint: Digest
  readonly expiresAt: Instant
}

export type AuthorityOpened =
  | { readonly ok: true; readonly value: CertificateAuthority }
  | { readonly ok: false; readonly says: string }

const dayMs = 24 * 60 * 60_000
const authorityLifeMs = 3650 * dayMs
const serverLifeMs = 90 * dayMs
/** A host that is removed or stolen is nobody after a day even where nobody looks at records. */
const clientLifeMs = dayMs
/** A host whose clock is behind by less than this still takes what was issued just now. */
const clockToleranceMs = 5 * 60_000

/** X.520 allows no more; the name that counts is the URI. */
const maxCommonName = 64

const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** Makes the authority at the first start. Key and certificate are one file, so that no crash can part them. */
export async function openCertificateAuthority(folder: string, nowMs: number): Promise<AuthorityOpened> {
  const path = join(folder, 'authority.pem')
  const stored = await readIfThere(path)
  if (stored === null) {
    const made = await makeAuthority(nowMs)
    await writePrivateFile(path, made)
    return readAuthority(made, path)
  }
  return readAuthority(stored, path)
}

async function makeAuthority(nowMs: number): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(p256, true, ['sign', 'verify'])
  const fleet = randomBytes(6).toString('hex')
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=Fleetmend fleet ${fleet}`,
    keys,
    signingAlgorithm: p256,
    ...validity(nowMs, authorityLifeMs),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      new SubjectAlternativeNameExtension([{ type: 'url', value: fleetUri(fleet) }]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return `${PemConverter.encode(key, 'PRIVATE KEY')}\n${certificate.toString('pem')}\n`
}

async function readAuthority(pem: string, path: string): Promise<AuthorityOpened> {
  const [key, der] = ['PRIVATE KEY', 'CERTIFICATE'].map(
    (tag) => PemConverter.decodeWithHeaders(pem).find((block) => block.type === tag)?.rawData,
  )
  if (!key || !der)
    return {
      ok: false,
      says: `Cannot use ${path}: it does not hold a key and a certificate. Bring back a copy; without it every host must enrol again.`,
    }
  const issuer = new Issued(der)
  const signingKey = await webcrypto.subtle.importKey('pkcs8', key, p256, false, ['sign'])
  const fleet = /^URI:fleetmend:\/\/([0-9a-f]+)$/.exec(new X509Certificate(Buffer.from(der)).subjectAltName ?? '')?.[1]
  if (fleet === undefined) return { ok: false, says: `Cannot use ${path}: its certificate is not that of a fleet.` }
  const certificate = issuer.toString('pem')

  const issue = async (
    subject: string,
    publicKey: PublicKey | webcrypto.CryptoKey,
    lifeMs: number,
    nowMs: number,
    extensions: Extension[],
  ) =>
    X509CertificateGenerator.create({
      subject,
      issuer: issuer.subjectName,
      publicKey,
      signingKey,
      signingAlgorithm: p256,
      // Positive, and too random to be guessed before it is signed.
      serialNumber: `4${randomBytes(16).toString('hex').slice(1)}`,
      ...validity(nowMs, lifeMs),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
        ...extensions,
      ],
    })

  return {
    ok: true,
    value: {
      fleet,
      certificate,
      fingerprint: sha256(der),

      async issueServerCertificate(names, nowMs) {
        const keys = await webcrypto.subtle.generateKey(p256, true, ['sign', 'verify'])
        const issued = await issue('CN=Fleetmend controller', keys.publicKey, serverLifeMs, nowMs, [
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
        ])
        const exported = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
        return {
          chain: `${issued.toString('pem')}\n${certificate}\n`,
          key: PemConverter.encode(exported, 'PRIVATE KEY'),
          expiresMs: nowMs + serverLifeMs,
        }
      },

      async issueClientCertificate(host, publicKey, nowMs) {
        const issued = await issue(
          `CN=${host.slice(0, maxCommonName)}`,
          new PublicKey(spkiOf(publicKey)),
          clientLifeMs,
          nowMs,
          [
            new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
            new SubjectAlternativeNameExtension([{ type: 'url', value: `${fleetUri(fleet)}/${host}` }]),
          ],
        )
        return {
          certificate: issued.toString('pem'),
          fingerprint: sha256(issued.rawData),
          keyFingerprint: keyFingerprint(publicKey),
          expiresAt: issued.notAfter.toISOString(),
        }
      },
    },
  }
}

export function fleetUri(fleet: string): string {
  return `fleetmend://${fleet}`
}

/** Of the key alone, so that it stays the same when a certificate is renewed; in the one encoding that Node writes. */
export function keyFingerprint(publicKey: KeyObject): Digest {
  return sha256(spkiOf(publicKey))
}

/** The kinds of keys that agents make, P-256 and Ed25519; null for anything else. */
export function readAgentKey(publicKey: Uint8Array): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    const known =
      key.asymmetricKeyType === 'ed25519' ||
      (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1')
    return known ? key : null
  } catch {
    return null
  }
}

/** Whole seconds, because a certificate has no others. */
function validity(nowMs: number, lifeMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const nowSeconds = Math.floor(nowMs / 1000)
  return {
    notBefore: new Date((nowSeconds - clockToleranceMs / 1000) * 1000),
    notAfter: new Date((nowSeconds + lifeMs / 1000) * 1000),
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' })
}

function sha256(bytes: ArrayBuffer | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(new Uint8Array(bytes)).digest('hex')}`
}
