/** One certificate with its key, and what it signs: short-lived certificates instead of revocation lists. */
// Before x509, whose container looks for it while it is loaded.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import { randomBytes, webcrypto, type KeyObject, type X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
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
import { keyFingerprint, sha256, spkiOf } from './agent-key.ts'

export interface SigningAuthority {
  readonly x509: X509Certificate
  /** PEM. */
  readonly certificate: string
  readonly fingerprint: Digest
  readonly madeMs: number
  readonly expiresMs: number
  /** A new key each time, which never touches a disk: the controller makes one when it starts, and before it is too old. */
  issueServerCertificate(names: readonly string[], nowMs: number): Promise<ServerCertificate>
  issueClientCertificate(fleet: string, host: HostId, key: KeyObject, nowMs: number): Promise<ClientCertificate>
  /** A certificate for the other's name and key, by this one: who trusts this one can see that the other one follows. */
  vouchFor(other: SigningAuthority): Promise<string>
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

const dayMs = 24 * 60 * 60_000
const serverLifeMs = 90 * dayMs
/** A host that is removed or stolen is nobody after a day even where nobody looks at records. */
const clientLifeMs = dayMs
/** A host whose clock is behind by less than this still takes what was issued just now. */
const clockToleranceMs = 5 * 60_000

/** X.520 allows no more; the name that counts is the URI. */
const maxCommonName = 64

export const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

type SigningAlgorithm = { readonly name: string; readonly hash?: string; readonly namedCurve?: string }

/** Null: a kind of key that is too weak, or that not every side can check. */
export function signingAlgorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SigningAlgorithm | null {
  if (asymmetricKeyType === 'ed25519') return { name: 'Ed25519' }
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048)
    return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  if (asymmetricKeyType !== 'ec') return null
  if (asymmetricKeyDetails?.namedCurve === 'prime256v1') return p256
  if (asymmetricKeyDetails?.namedCurve === 'secp384r1') return { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
  return null
}

export async function signingAuthority(
  x509: X509Certificate,
  key: KeyObject,
  signingAlgorithm: SigningAlgorithm,
): Promise<SigningAuthority> {
  const issuer = new Issued(new Uint8Array(x509.raw))
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' })
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, signingAlgorithm, false, ['sign'])
  const certificate = issuer.toString('pem')
  const expiresMs = Date.parse(x509.validTo)
  // As the issuer's own certificate has it: however that was computed, the two must be the same.
  const keyId = issuer.getExtension(SubjectKeyIdentifierExtension)?.keyId

  const issue = (
    subject: string,
    publicKey: PublicKey | webcrypto.CryptoKey,
    life: Life,
    extensions: readonly Extension[],
  ): Promise<Issued> =>
    X509CertificateGenerator.create({
      subject,
      issuer: issuer.subjectName,
      publicKey,
      signingKey,
      signingAlgorithm,
      // Positive, and too random to be guessed before it is signed.
      serialNumber: `4${randomBytes(16).toString('hex').slice(1)}`,
      ...life,
      extensions: [...(keyId === undefined ? [] : [new AuthorityKeyIdentifierExtension(keyId)]), ...extensions],
    })

  const leaf = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  ]
  const leafLife = (nowMs: number, lifeMs: number): Life => validity(nowMs, Math.min(lifeMs, expiresMs - nowMs))

  return {
    x509,
    certificate,
    fingerprint: sha256(x509.raw),
    madeMs: Date.parse(x509.validFrom),
    expiresMs,

    async issueServerCertificate(names, nowMs) {
      const keys = await webcrypto.subtle.generateKey(p256, true, ['sign', 'verify'])
      const issued = await issue('CN=Fleetmend controller', keys.publicKey, leafLife(nowMs, serverLifeMs), [
        ...leaf,
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
      ])
      const exported = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
      return {
        chain: `${issued.toString('pem')}\n${certificate}\n`,
        key: PemConverter.encode(exported, 'PRIVATE KEY'),
        expiresMs: issued.notAfter.getTime(),
      }
    },

    async issueClientCertificate(fleet, host, key, nowMs) {
      const issued = await issue(
        `CN=${host.slice(0, maxCommonName)}`,
        new PublicKey(spkiOf(key)),
        leafLife(nowMs, clientLifeMs),
        [
          ...leaf,
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
          new SubjectAlternativeNameExtension([{ type: 'url', value: `${fleetUri(fleet)}/${host}` }]),
        ],
      )
      return {
        certificate: issued.toString('pem'),
        fingerprint: sha256(issued.rawData),
        keyFingerprint: keyFingerprint(key),
        expiresAt: issued.notAfter.toISOString(),
      }
    },

    async vouchFor(other) {
      const life = { notBefore: new Date(other.madeMs), notAfter: new Date(Math.min(expiresMs, other.expiresMs)) }
      const theirs = new Issued(new Uint8Array(other.x509.raw))
      const issued = await issue(theirs.subject, theirs.publicKey, life, [new BasicConstraintsExtension(true, 0, true)])
      return issued.toString('pem')
    },
  }
}

export function fleetUri(fleet: string): string {
  return `fleetmend://${fleet}`
}

export interface Life {
  readonly notBefore: Date
  readonly notAfter: Date
}

/** Whole seconds, because a certificate has no others. */
export function validity(nowMs: number, lifeMs: number): Life {
  const nowSeconds = Math.floor(nowMs / 1000)
  return {
    notBefore: new Date((nowSeconds - clockToleranceMs / 1000) * 1000),
    notAfter: new Date((nowSeconds + Math.floor(lifeMs / 1000)) * 1000),
  }
}
