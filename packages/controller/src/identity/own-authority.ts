/** The authority that a controller makes for its fleet: key and certificate in one file, so that no crash can part them. */
import { createPrivateKey, randomBytes, webcrypto, X509Certificate, type KeyObject } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { readIfThere, syncFolder, writePrivateFile } from '../store/private-folder.ts'
import {
  fleetUri,
  p256,
  signingAlgorithmOf,
  signingAuthority,
  validity,
  type SigningAuthority,
} from './signing-authority.ts'

export type OwnAuthorityRead =
  | { readonly ok: true; readonly value: SigningAuthority | null }
  | { readonly ok: false; readonly says: string }

const lifeMs = 3650 * 24 * 60 * 60_000

const files = { now: 'authority.pem', next: 'authority-next.pem' } as const

/** Null: there is none yet. */
export async function readOwnAuthority(folder: string, which: keyof typeof files): Promise<OwnAuthorityRead> {
  const path = join(folder, files[which])
  const pem = await readIfThere(path)
  if (pem === null) return { ok: true, value: null }
  const pair = pairIn(pem)
  const algorithm = pair && signingAlgorithmOf(pair.key)
  if (!pair || !algorithm)
    return {
      ok: false,
      says: `Cannot use ${path}: it does not hold a key and a certificate. Bring back a copy; without it every host must enrol again.`,
    }
  return { ok: true, value: await signingAuthority(pair.x509, pair.key, algorithm) }
}

/** Null: one is missing or damaged, or they do not belong together. */
function pairIn(pem: string): { readonly key: KeyObject; readonly x509: X509Certificate } | null {
  try {
    // Each reads the block that is meant for it and skips the other one.
    const key = createPrivateKey(pem)
    const x509 = new X509Certificate(pem)
    return x509.checkPrivateKey(key) ? { key, x509 } : null
  } catch {
    return null
  }
}

export async function makeOwnAuthority(
  folder: string,
  which: keyof typeof files,
  fleet: string,
  nowMs: number,
): Promise<void> {
  const keys = await webcrypto.subtle.generateKey(p256, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // A name of its own: chains are built by name, and two authorities of one name would be taken for each other.
    name: `CN=Fleetmend fleet ${fleet} ${randomBytes(4).toString('hex')}`,
    keys,
    signingAlgorithm: p256,
    ...validity(nowMs, lifeMs),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      new SubjectAlternativeNameExtension([{ type: 'url', value: fleetUri(fleet) }]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  await writePrivateFile(
    join(folder, files[which]),
    `${PemConverter.encode(key, 'PRIVATE KEY')}\n${certificate.toString('pem')}\n`,
  )
}

/** The next one takes the place of the one before, whose key is gone from then on. */
export async function promoteOwnAuthority(folder: string): Promise<void> {
  await rename(join(folder, files.next), join(folder, files.now))
  await syncFolder(folder)
}

/** Null: its certificate is not that of a fleet. */
export function fleetNamedBy({ subjectAltName }: X509Certificate): string | null {
  return /^URI:fleetmend:\/\/([0-9a-f]+)$/.exec(subjectAltName ?? '')?.[1] ?? null
}
