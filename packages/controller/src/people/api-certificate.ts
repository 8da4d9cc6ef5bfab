/** The certificate with which the controller shows itself to people: from the fleet's authority, or from files of theirs. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { Digest } from '@fleetmend/shared'
import type { CertificateAuthority } from '../identity/certificate-authority.ts'

export interface ApiCertificate {
  readonly settings: () => { readonly cert: string; readonly key: string }
  /** Of the authority by which people know the controller; null: they know whoever issued it by themselves. */
  readonly fingerprint: () => Digest | null
  /** PEM of those by which people may know the controller from now on, the next one among them; empty: they need none. */
  readonly authorities: () => readonly string[]
  /** Looks whether there is another one by now; true: there is. */
  renewed(): Promise<boolean>
  /** Called when it is time to look at once. */
  onChange(listener: () => void): void
}

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

export type ApiCertificateOpened =
  | { readonly ok: true; readonly value: ApiCertificate }
  | { readonly ok: false; readonly says: string }

const renewBeforeMs = 30 * 24 * 60 * 60_000

export async function openApiCertificate(
  authority: CertificateAuthority,
  names: readonly string[],
  nowMs: () => number,
  files?: CertificateFiles,
): Promise<ApiCertificateOpened> {
  if (files) return fromFiles(files)
  let by = authority.fingerprint
  let issued = await authority.issueServerCertificate(names, nowMs())
  return {
    ok: true,
    value: {
      settings: () => ({ cert: issued.chain, key: issued.key }),
      fingerprint: () => by,
      authorities: () => authority.trusted.map(({ certificate }) => certificate),
      async renewed() {
        if (by === authority.fingerprint && issued.expiresMs - nowMs() > renewBeforeMs) return false
        by = authority.fingerprint
        issued = await authority.issueServerCertificate(names, nowMs())
        return true
      },
      onChange: (listener) => authority.onChange(listener),
    },
  }
}

type Shown = { readonly cert: string; readonly key: string }
type FilesRead = { readonly ok: true; readonly value: Shown } | { readonly ok: false; readonly says: string }

/** Read again and again, since whoever renews them (certbot does) tells nobody. */
async function fromFiles(files: CertificateFiles): Promise<ApiCertificateOpened> {
  const read = await readFiles(files)
  if (!read.ok) return read
  let shown = read.value
  return {
    ok: true,
    value: {
      settings: () => ({ cert: shown.cert, key: shown.key }),
      fingerprint: () => null,
      authorities: () => [],
      async renewed() {
        const next = await readFiles(files)
        // Half written at this moment, perhaps: what was good goes on.
        if (!next.ok || next.value.cert === shown.cert) return false
        shown = next.value
        return true
      },
      onChange: () => undefined,
    },
  }
}

async function readFiles({ certificate, key }: CertificateFiles): Promise<FilesRead> {
  try {
    if (((await stat(key)).mode & 0o007) !== 0)
      return { ok: false, says: `Everybody on this machine can read ${key}:\n    chmod o= ${key}` }
    const shown = { cert: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
    // Reads the first of the chain, which is the server's own.
    if (!new X509Certificate(shown.cert).checkPrivateKey(createPrivateKey(shown.key)))
      return { ok: false, says: `The key in ${key} is not that of the first certificate in ${certificate}.` }
    return { ok: true, value: shown }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { ok: false, says: `Cannot use the certificate ${certificate} with the key ${key}: ${why}` }
  }
}
