/** For tests: a fleet's certificate authority that lives in memory, issuing whatever a test wants to see refused or taken. */
// Before x509, whose container looks for it while it is loaded.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import { createHash, randomBytes, webcrypto, type KeyObject } from 'node:crypto'
import {
  BasicConstraintsExtension,
  PemConverter,
  PublicKey,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
  type JsonGeneralName,
} from '@peculiar/x509'
import type { Digest } from '@fleetmend/shared'

export interface ThrowAwayAuthority {
  readonly fleet: string
  /** PEM. */
  readonly certificate: string
  readonly fingerprint: Digest
  server(names: readonly JsonGeneralName[]): Promise<{ readonly chain: string; readonly key: string }>
  /** A certificate for the key of another one, by this one. */
  vouchFor(other: Pick<ThrowAwayAuthority, 'certificate'>): Promise<string>
  client(host: string, publicKey: KeyObject, life?: Life): Promise<string>
}

export interface Life {
  readonly fromMs: number
  readonly untilMs: number
}

const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const hourMs = 60 * 60_000

export async function throwAwayAuthority(fleet = '0123456789ab'): Promise<ThrowAwayAuthority> {
  const keys = await webcrypto.subtle.generateKey(p256, true, ['sign', 'verify'])
  const own = await X509CertificateGenerator.createSelfSigned({
    name: `CN=Fleetmend fleet ${fleet} ${randomBytes(4).toString('hex')}`,
    keys,
    signingAlgorithm: p256,
    ...validity(aroundNow()),
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  })
  const issue = async (subject: string, publicKey: PublicKey, names: readonly JsonGeneralName[], life: Life) => {
    const issued = await X509CertificateGenerator.create({
      subject,
      issuer: own.subject,
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: p256,
      serialNumber: `4${randomBytes(8).toString('hex').slice(1)}`,
      ...validity(life),
      extensions: [new SubjectAlternativeNameExtension([...names])],
    })
    return issued.toString('pem')
  }
  return {
    fleet,
    certificate: own.toString('pem'),
    fingerprint: `sha256:${createHash('sha256').update(new Uint8Array(own.rawData)).digest('hex')}`,
    async server(names) {
      const pair = await webcrypto.subtle.generateKey(p256, true, ['sign', 'verify'])
      const publicKey = new PublicKey(await webcrypto.subtle.exportKey('spki', pair.publicKey))
      const issued = await issue('CN=controller', publicKey, names, aroundNow())
      const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey), 'PRIVATE KEY')
      return { chain: `${issued}\n${own.toString('pem')}\n`, key }
    },
    async vouchFor({ certificate }) {
      const other = new X509Certificate(certificate)
      const issued = await X509CertificateGenerator.create({
        subject: other.subject,
        issuer: own.subject,
        publicKey: other.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: p256,
        ...validity(aroundNow()),
        extensions: [new BasicConstraintsExtension(true, 0, true)],
      })
      return issued.toString('pem')
    },
    client: (host, publicKey, life = aroundNow()) =>
      issue(
        `CN=${host}`,
        new PublicKey(publicKey.export({ format: 'der', type: 'spki' })),
        [{ type: 'url', value: `fleetmend://${fleet}/${host}` }],
        life,
      ),
  }
}

function aroundNow(): Life {
  return { fromMs: Date.now() - hourMs, untilMs: Date.now() + hourMs }
}

function validity({ fromMs, untilMs }: Life): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(fromMs), notAfter: new Date(untilMs) }
}
