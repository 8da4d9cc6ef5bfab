import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { openPrivateFolder } from '../store/private-folder.ts'
import { openCertificateAuthority, readAgentKey, type CertificateAuthority } from './certificate-authority.ts'
import { hostIdentity } from './host-identity.ts'

const nowMs = Date.now()

async function authorityIn(folder: string): Promise<CertificateAuthority> {
  expect(await openPrivateFolder(folder)).toEqual({ ok: true })
  const opened = await openCertificateAuthority(folder, nowMs)
  if (!opened.ok) throw new Error(opened.says)
  return opened.value
}

function agentKeys(kind: 'ec' | 'ed25519' = 'ec') {
  const { publicKey, privateKey } =
    kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  return { publicKey, key: privateKey.export({ format: 'pem', type: 'pkcs8' }) }
}

describe('the authority', () => {
  test('is made once, in a file that only its owner can read, and is the same afterwards', async () => {
    const folder = scratchFolder()
    const first = await authorityIn(folder)
    const second = await authorityIn(folder)
    expect({ ...second, issueServerCertificate: null, issueClientCertificate: null }).toEqual({
      ...first,
      issueServerCertificate: null,
      issueClientCertificate: null,
    })
    expect(statSync(join(folder, 'authority.pem')).mode & 0o777).toBe(0o600)
  })

  test('has the fingerprint of its certificate, as anybody would compute it', async () => {
    const { certificate, fingerprint } = await authorityIn(scratchFolder())
    const x509 = new X509Certificate(certificate)
    expect(fingerprint).toBe(`sha256:${createHash('sha256').update(x509.raw).digest('hex')}`)
    expect(x509).toMatchObject({ ca: true })
    expect(x509.verify(x509.publicKey)).toBe(true)
  })

  test('with a damaged file is refused, not made anew', async () => {
    const folder = scratchFolder()
    await authorityIn(folder)
    const path = join(folder, 'authority.pem')
    const whole = readFileSync(path, 'utf8')
    writeFileSync(path, whole.slice(whole.indexOf('-----BEGIN CERTIFICATE')))
    expect(await openCertificateAuthority(folder, nowMs)).toMatchObject({
      ok: false,
      says: expect.stringContaining('does not hold a key and a certificate'),
    })
    expect(readFileSync(path, 'utf8')).not.toBe(whole)
  })
})

describe('over TLS 1.3', () => {
  async function connection(
    controller: CertificateAuthority,
    client: { certificate: string; key: string } | null,
    name = 'localhost',
  ) {
    const { chain, key } = await controller.issueServerCertificate(['localhost', '127.0.0.1', '::1'], nowMs)
    const server = createServer({
      cert: chain,
      key,
      ca: controller.certificate,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    })
    onTestFinished(() => void server.close())
    const accepted = new Promise<TLSSocket>((resolve, reject) => {
      server.once('secureConnection', resolve)
      server.once('tlsClientError', reject)
    })
    accepted.catch(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const socket = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      servername: name,
      ca: controller.certificate,
      ...(client && { cert: client.certificate, key: client.key }),
    })
    onTestFinished(() => void socket.destroy())
    const secured = new Promise<TLSSocket>((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket))
      socket.once('error', reject)
    })
    secured.catch(() => {})
    return { accepted, secured }
  }

  test.each(['ec', 'ed25519'] as const)(
    'a host with an %s key is known by its certificate, and knows the authority by its fingerprint',
    async (kind) => {
      const authority = await authorityIn(scratchFolder())
      const { publicKey, key } = agentKeys(kind)
      const issued = await authority.issueClientCertificate('web-7.example', publicKey, nowMs)
      const { accepted, secured } = await connection(authority, { certificate: issued.certificate, key })
      const peer = (await accepted).getPeerX509Certificate()
      expect(hostIdentity(peer!, authority.fleet)).toEqual({
        ok: true,
        host: 'web-7.example',
        keyFingerprint: issued.keyFingerprint,
      })
      const shown = (await secured).getPeerX509Certificate()?.issuerCertificate
      expect(`sha256:${createHash('sha256').update(shown!.raw).digest('hex')}`).toBe(authority.fingerprint)
    },
  )

  test('a host without a certificate, or with one of another fleet, is not let in', async () => {
    const authority = await authorityIn(scratchFolder())
    const stranger = await authorityIn(scratchFolder())
    const { publicKey, key } = agentKeys()
    const issued = await stranger.issueClientCertificate('web-7', publicKey, nowMs)
    await expect((await connection(authority, null)).accepted).rejects.toThrow(/certificate|hang up/)
    await expect((await connection(authority, { certificate: issued.certificate, key })).accepted).rejects.toThrow(
      // What Node says when a chain does not end at the authority.
      /hang up/,
    )
  })

  test('a controller under a name that it was not given is not believed', async () => {
    const authority = await authorityIn(scratchFolder())
    await expect((await connection(authority, null, 'elsewhere.example')).secured).rejects.toThrow(/altnames/)
  })

  test("a host's certificate cannot serve as a controller's, nor sign another", async () => {
    const authority = await authorityIn(scratchFolder())
    const issued = new X509Certificate(
      (await authority.issueClientCertificate('web-7', agentKeys().publicKey, nowMs)).certificate,
    )
    expect(issued.ca).toBe(false)
    // id-kp-clientAuth and nothing else (RFC 5280 section 4.2.1.12).
    expect(issued.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
  })
})

test("a host's certificate ends after a day, and begins early enough for a clock that is a little behind", async () => {
  const authority = await authorityIn(scratchFolder())
  const issued = await authority.issueClientCertificate('web-7', agentKeys().publicKey, nowMs)
  const certificate = new X509Certificate(issued.certificate)
  const second = Math.floor(nowMs / 1000) * 1000
  expect(Date.parse(certificate.validTo)).toBe(second + 24 * 60 * 60_000)
  expect(Date.parse(certificate.validFrom)).toBe(second - 5 * 60_000)
  expect(issued.expiresAt).toBe(new Date(second + 24 * 60 * 60_000).toISOString())
})

describe('host identity', () => {
  const { publicKey } = agentKeys()
  test.each([
    { names: 'URI:fleetmend://abc/web-7, DNS:web-8', why: 'a second name' },
    { names: 'DNS:web-7', why: 'no URI' },
    { names: 'URI:fleetmend://other/web-7', why: 'another fleet' },
    { names: 'URI:fleetmend://abc/', why: 'an empty name' },
    { names: 'URI:fleetmend://abc/web 7', why: 'a name that no host has' },
    { names: 'DNS:"x, URI:fleetmend://abc/web-7"', why: 'a name within a name' },
    { names: undefined, why: 'no names at all' },
  ])('$names is nobody: $why', ({ names }) => {
    expect(hostIdentity({ subjectAltName: names, publicKey }, 'abc')).toMatchObject({ ok: false })
  })
})

test.each([
  { name: 'RSA', key: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey },
  { name: 'P-384', key: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey },
])('an $name key is not one that agents make', ({ key }) => {
  expect(readAgentKey(key().export({ format: 'der', type: 'spki' }))).toBeNull()
  expect(readAgentKey(Buffer.from('no key'))).toBeNull()
})
