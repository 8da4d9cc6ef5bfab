import { generateKeyPairSync, type X509Certificate } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, connect, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { authorityMaker, isAuthority, openssl, type AuthorityMaker } from '../../test/openssl-authority.ts'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { openPrivateFolder } from '../store/private-folder.ts'
import { openCertificateAuthority } from './certificate-authority.ts'
import { readGivenAuthority, type AuthorityFiles } from './given-authority.ts'
import { hostIdentity } from './host-identity.ts'

let made: AuthorityMaker
beforeEach(() => {
  made = authorityMaker(scratchFolder())
})

async function said(files: AuthorityFiles, nowMs = Date.now()): Promise<string> {
  const read = await readGivenAuthority(files, nowMs)
  return read.ok ? 'good' : read.says
}

describe('an authority that exists already', () => {
  test.each([
    { kind: 'P-256', args: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] },
    { kind: 'P-384', args: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'] },
    { kind: 'Ed25519', args: ['ed25519'] },
    { kind: 'RSA', args: ['rsa:2048'] },
  ])('with a key of the kind $kind issues certificates that openssl finds in order', async ({ args }) => {
    const files = made.root('company', args)
    const read = await readGivenAuthority(files, Date.now())
    if (!read.ok) throw new Error(read.says)
    const { publicKey } = generateKeyPairSync('ed25519')
    const { certificate } = await read.value.issueClientCertificate('abc', 'web-1', publicKey, Date.now())
    writeFileSync(made.at('web-1.pem'), certificate)
    openssl('verify', '-purpose', 'sslclient', '-x509_strict', '-CAfile', files.certificate, made.at('web-1.pem'))
    const { chain } = await read.value.issueServerCertificate(['controller.example'], Date.now())
    writeFileSync(made.at('server.pem'), chain)
    const name = ['-verify_hostname', 'controller.example']
    openssl(
      'verify',
      '-purpose',
      'sslserver',
      '-x509_strict',
      ...name,
      '-CAfile',
      files.certificate,
      made.at('server.pem'),
    )
  })

  test('never issues what outlives it', async () => {
    const files = made.root('company')
    const read = await readGivenAuthority(files, Date.now())
    if (!read.ok) throw new Error(read.says)
    const nowMs = read.value.expiresMs - 60_000
    const { expiresMs } = await read.value.issueServerCertificate(['localhost'], nowMs)
    expect(expiresMs).toBeLessThanOrEqual(read.value.expiresMs)
  })

  test('is refused with what is wrong, and what to do', async () => {
    const company = made.root('company')
    const other = made.root('other')
    const leaf = made.below(company, 'leaf', 'basicConstraints=CA:FALSE\n')
    const weak = made.root('weak', ['rsa:1024'])
    expect(await said(leaf)).toMatch(/leaf\.pem: it is not the certificate of an authority/)
    expect(await said({ ...company, key: other.key })).toMatch(/other\.key: it is not the key of the certificate in/)
    expect(await said(company, Date.now() + 31 * 24 * 60 * 60_000)).toMatch(/company\.pem: it was good until/)
    expect(await said(weak)).toMatch(/RSA of at least 2048 bits/)
    expect(await said({ ...company, certificate: company.key })).toMatch(/holds no certificate in PEM/)
    expect(await said({ ...company, key: company.certificate })).toMatch(/others can read it|holds no private key/)
    expect(await said({ ...company, key: made.at('none') })).toMatch(/none: ENOENT/)
    chmodSync(company.key, 0o640)
    expect(await said(company)).toMatch(/company\.key: others can read it.*\n {4}chmod 600 /)
  })

  test('may stand below another one, which is not asked: host and controller know each other by it', async () => {
    const company = made.root('company')
    const files = made.below(company, 'fleet', isAuthority)
    await openPrivateFolder(made.at('data'))
    const nowMs = Date.now()
    const opened = await openCertificateAuthority(made.at('data'), nowMs, { now: files })
    if (!opened.ok) throw new Error(opened.says)
    const authority = opened.value
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const issued = await authority.issueClientCertificate('web-1', publicKey, nowMs)
    const { chain, key } = await authority.issueServerCertificate(['localhost'], nowMs)
    const seen = Promise.withResolvers<X509Certificate | undefined>()
    const server = createServer(
      { cert: chain, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false },
      (socket: TLSSocket) => seen.resolve(socket.getPeerX509Certificate()),
    )
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: authority.certificate,
      allowPartialTrustChain: true,
      cert: issued.certificate,
      key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    })
    onTestFinished(() => void socket.destroy())
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    expect(hostIdentity(await seen.promise, authority, { nowMs, graceMs: 0 })).toMatchObject({ ok: true })
  })
})

test('the fleet stays the same fleet when it gets another authority', async () => {
  await openPrivateFolder(made.at('data'))
  const company = made.root('company')
  // Not before it was made: certificates begin with a whole second.
  const nowMs = Date.now()
  const own = await openCertificateAuthority(made.at('data'), nowMs)
  const given = await openCertificateAuthority(made.at('data'), nowMs, { now: company })
  if (!own.ok || !given.ok) throw new Error('An authority could not be opened.')
  expect(given.value.fleet).toBe(own.value.fleet)
  expect(given.value.fingerprint).not.toBe(own.value.fingerprint)
  expect(await given.value.renew(nowMs)).toMatchObject({ ok: false, says: expect.stringContaining('--next-ca-cert') })
})
