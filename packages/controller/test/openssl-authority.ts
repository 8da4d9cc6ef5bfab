/** For tests: certificate authorities as people make them, with openssl. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuthorityFiles } from '../src/identity/given-authority.ts'

export interface AuthorityMaker {
  at(name: string): string
  root(name: string, key?: readonly string[]): AuthorityFiles
  /** Signed by another one; `extensions` as openssl takes them. */
  below(issuer: AuthorityFiles, name: string, extensions: string): AuthorityFiles
}

/** What makes the certificate of one that stands below another one an authority, too. */
export const isAuthority = 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n'

const p256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

export function authorityMaker(folder: string): AuthorityMaker {
  mkdirSync(folder, { recursive: true })
  const at = (name: string): string => join(folder, name)
  const filesOf = (name: string): AuthorityFiles => ({ certificate: at(`${name}.pem`), key: at(`${name}.key`) })
  return {
    at,
    root(name, key = p256) {
      const files = filesOf(name)
      const subject = ['-subj', `/CN=${name}`, '-days', '30', '-addext', 'keyUsage=critical,keyCertSign']
      openssl('req', '-x509', '-newkey', ...key, '-nodes', '-keyout', files.key, '-out', files.certificate, ...subject)
      chmodSync(files.key, 0o600)
      return files
    },
    below(issuer, name, extensions) {
      const files = filesOf(name)
      const [request, wanted] = [at(`${name}.csr`), at(`${name}.ext`)]
      openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', files.key, '-out', request, '-subj', `/CN=${name}`)
      writeFileSync(wanted, extensions)
      const by = ['-CA', issuer.certificate, '-CAkey', issuer.key, '-CAcreateserial', '-days', '20']
      openssl('x509', '-req', '-in', request, ...by, '-extfile', wanted, '-out', files.certificate)
      chmodSync(files.key, 0o600)
      return files
    },
  }
}

export function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}
