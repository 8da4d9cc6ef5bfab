import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { openCertificateAuthority } from '../identity/certificate-authority.ts'
import { openApiCertificate } from './api-certificate.ts'

const dayMs = 24 * 60 * 60_000

function newFolder(): string {
  const folder = scratchFolder()
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

function must<Value>(answer: { readonly ok: true; readonly value: Value } | { readonly ok: false }): Value {
  if (!answer.ok) throw new Error(JSON.stringify(answer))
  return answer.value
}

test('one of the fleet is made anew a month before its end, and not earlier', async () => {
  let nowMs = Date.now()
  const authority = must(await openCertificateAuthority(newFolder(), nowMs))
  const certificate = must(await openApiCertificate(authority, ['127.0.0.1'], () => nowMs))
  const first = certificate.settings().cert
  nowMs += 59 * dayMs
  expect(await certificate.renewed()).toBe(false)
  nowMs += 2 * dayMs
  expect([await certificate.renewed(), certificate.settings().cert === first]).toEqual([true, false])
})

test('one of files is read again when they have changed, and what was good goes on while they do not fit', async () => {
  const folder = newFolder()
  const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const make = (key: string) => openssl(files.certificate, key)
  make(files.key)
  const authority = must(await openCertificateAuthority(newFolder(), Date.now()))
  const open = () => openApiCertificate(authority, [], Date.now, files)
  const opened = must(await open())
  const first = opened.settings().cert
  expect([await opened.renewed(), opened.fingerprint()]).toEqual([false, null])
  const next = join(folder, 'next.pem')
  make(next)
  expect([await opened.renewed(), opened.settings().cert === first]).toEqual([false, true])
  expect(await open()).toEqual({ ok: false, says: expect.stringContaining('is not that of the first') as string })
  copyFileSync(next, files.key)
  expect([await opened.renewed(), opened.settings().cert === first]).toEqual([true, false])
})

test('a key that everybody can read is not used', async () => {
  const folder = newFolder()
  const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  openssl(files.certificate, files.key)
  chmodSync(files.key, 0o644)
  const authority = must(await openCertificateAuthority(newFolder(), Date.now()))
  expect(await openApiCertificate(authority, [], Date.now, files)).toEqual({
    ok: false,
    says: `Everybody on this machine can read ${files.key}:\n    chmod o= ${files.key}`,
  })
})

function openssl(certificate: string, key: string): void {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const names = ['-subj', '/CN=controller.example', '-keyout', key, '-out', certificate]
  execFileSync('openssl', ['req', '-x509', ...kind, ...names], { stdio: 'ignore' })
}
