/** An authority that exists already, by the files of its certificate and its key; looked at closely before anything is signed with it. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { signingAlgorithmOf, signingAuthority, type SigningAuthority } from './signing-authority.ts'

/** Paths. */
export interface AuthorityFiles {
  readonly certificate: string
  readonly key: string
}

export type GivenAuthorityRead =
  | { readonly ok: true; readonly value: SigningAuthority }
  | { readonly ok: false; readonly says: string }

export async function readGivenAuthority(files: AuthorityFiles, nowMs: number): Promise<GivenAuthorityRead> {
  const certificateText = await readText(files.certificate)
  if (!certificateText.ok) return refuse(files.certificate, certificateText.says)
  const x509 = readCertificate(certificateText.text)
  if (x509 === null) return refuse(files.certificate, 'it holds no certificate in PEM')
  const wrong = whatIsWrong(x509, nowMs)
  if (wrong !== null) return refuse(files.certificate, wrong)
  const exposed = await whoElseReads(files.key)
  if (exposed !== null) return refuse(files.key, exposed)
  const keyText = await readText(files.key)
  if (!keyText.ok) return refuse(files.key, keyText.says)
  const key = readKey(keyText.text)
  if (key === null) return refuse(files.key, 'it holds no private key in PEM that can be read without a passphrase')
  if (!x509.checkPrivateKey(key))
    return refuse(files.key, `it is not the key of the certificate in ${files.certificate}`)
  const algorithm = signingAlgorithmOf(key)
  if (algorithm === null) return refuse(files.key, 'it must be Ed25519, P-256, P-384, or RSA of at least 2048 bits')
  return { ok: true, value: await signingAuthority(x509, key, algorithm) }
}

function whatIsWrong(x509: X509Certificate, nowMs: number): string | null {
  if (!x509.ca) return 'it is not the certificate of an authority (its basic constraints do not say CA:TRUE)'
  if (nowMs >= Date.parse(x509.validTo)) return `it was good until ${x509.validTo}`
  if (nowMs < Date.parse(x509.validFrom)) return `it is good only from ${x509.validFrom} on`
  return null
}

/** Who can read the key can make hosts and controllers of this fleet. */
async function whoElseReads(path: string): Promise<string | null> {
  try {
    const { mode } = await stat(path)
    return (mode & 0o077) === 0
      ? null
      : `others can read it, and with it make certificates of this fleet. If nobody did:\n    chmod 600 ${path}\n\nOtherwise make a new key`
  } catch (error) {
    return saysOf(error)
  }
}

type TextRead = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly says: string }

async function readText(path: string): Promise<TextRead> {
  try {
    return { ok: true, text: await readFile(path, 'utf8') }
  } catch (error) {
    return { ok: false, says: saysOf(error) }
  }
}

function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}

function readKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem)
  } catch {
    return null
  }
}

/** What the kernel answered; anything else is a bug and thrown on. */
function saysOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}

function refuse(path: string, why: string): GivenAuthorityRead {
  return { ok: false, says: `Cannot use ${path}: ${why}.` }
}
