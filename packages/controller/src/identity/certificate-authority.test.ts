import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { openPrivateFolder } from '../store/private-folder.ts'
import { readAgentKey } from './agent-key.ts'
import { openCertificateAuthority, type CertificateAuthority } from './certificate-authority.ts'
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
    expect(second.fleet).toBe(first.fleet)
    expect(second.trusted).toEqual(first.trusted)
    expect(second.fingerprint).toBe(first.fingerprint)
    expect(statSync(join(folder, 'authority.pem')).mode & 0o777).toBe(0o600)
  })

  test('has the fingerprint of its certificate, as anybody would compute it', async () => {
    const { certificate, fingerprint } = await authorityIn(scratchFolder())
    const x509 = new X509Certificate(certificate)
    expect(fingerprint).toBe(`sha256:${createHash('sha256').update(x509.raw).digest('hex')}`)
    expect(x509).toMatchObject({ ca: true })
    expect(x509.verify(x509.publicKey)).toBe(true)
  })

  test.each([
    { what: 'without its key', damage: (whole: string) => whole.slice(whole.indexOf('-----BEGIN CERTIFICATE')) },
    { what: 'without its certificate', damage: (whole: string) => whole.slice(0, whole.indexOf('-----BEGIN CERTI')) },
    { what: 'with a byte changed in the key', damage: (whole: string) => whole.replace(/(?<=KEY-----\n)MI/, 'AA') },
    { what: 'cut off', damage: (whole: string) => whole.slice(0, -100) },
    { what: 'with the key of another one', damage: (whole: string, other: string) => swapKeys(whole, other) },
  ])('$what is refused, not made anew', async ({ damage }) => {
    const [folder, other] = [scratchFolder(), scratchFolder()]
    await authorityIn(folder)
    await authorityIn(other)
    const path = join(folder, 'authority.pem')
    const damaged = damage(readFileSync(path, 'utf8'), readFileSync(join(other, 'authority.pem'), 'utf8'))
    writeFileSync(path, damaged)
    expect(await openCertificateAuthority(folder, nowMs)).toMatchObject({
      ok: false,
      says: expect.stringContaining('does not hold a key and a certificate'),
    })
    expect(readFileSync(path, 'utf8')).toBe(damaged)
  })

  test('whose fleet has lost its id is refused, for every host has that in its certificate', async () => {
    const folder = scratchFolder()
    const { fleet } = await authorityIn(folder)
    writeFileSync(join(folder, 'fleet-id'), 'torn')
    expect(await openCertificateAuthority(folder, nowMs)).toMatchObject({ ok: false })
    rmSync(join(folder, 'fleet-id'))
    // It stands in its own certificate, too.
    expect((await authorityIn(folder)).fleet).toBe(fleet)
  })
})

function swapKeys(whole: string, other: string): string {
  const at = (pem: string): number => pem.indexOf('-----BEGIN CERTIFICATE')
  return other.slice(0, at(other)) + whole.slice(at(whole))
}

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
      expect(hostIdentity(peer, authority, { nowMs, graceMs: 0 })).toEqual({
        ok: true,
        value: { host: 'web-7.example', keyFingerprint: issued.keyFingerprint },
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

test.each([
  { name: 'RSA', key: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey },
  { name: 'P-384', key: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey },
])('an $name key is not one that agents make', ({ key }) => {
  expect(readAgentKey(key().export({ format: 'der', type: 'spki' }))).toBeNull()
  expect(readAgentKey(Buffer.from('no key'))).toBeNull()
})

describe('another authority', () => {
  test('is trusted beside the one before, issues to hosts, and is vouched for, while the controller shows the old one', async () => {
    const folder = scratchFolder()
    const authority = await authorityIn(folder)
    const before = authority.fingerprint
    let changes = 0
    authority.onChange(() => changes++)
    const early = await authority.issueClientCertificate('web-1', agentKeys().publicKey, nowMs)
    expect(await authority.renew(nowMs)).toEqual({ ok: true })
    const late = await authority.issueClientCertificate('web-2', agentKeys().publicKey, nowMs)
    expect(authority.fingerprint).toBe(before)
    expect(authority.issuerOf(new X509Certificate(early.certificate))).toBe(authority.now)
    expect(authority.issuerOf(new X509Certificate(late.certificate))).toBe(authority.next)
    const [, next] = authority.trusted
    const voucher = new X509Certificate(next?.vouched ?? '')
    expect(voucher.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true)
    expect(voucher.publicKey.equals(new X509Certificate(next?.certificate ?? '').publicKey)).toBe(true)
    expect(changes).toBe(1)
    // Both are there again after a restart.
    expect((await authorityIn(folder)).trusted.map(({ certificate }) => certificate)).toEqual(
      authority.trusted.map(({ certificate }) => certificate),
    )
  })

  test('takes the place of the one before, whose certificates are then nobody', async () => {
    const folder = scratchFolder()
    const authority = await authorityIn(folder)
    const early = await authority.issueClientCertificate('web-1', agentKeys().publicKey, nowMs)
    expect(await authority.finish()).toMatchObject({ ok: false, says: expect.stringContaining('renew-ca') })
    await authority.renew(nowMs)
    const next = authority.next?.fingerprint
    expect(await authority.finish()).toEqual({ ok: true })
    expect({ now: authority.fingerprint, next: authority.next }).toEqual({ now: next, next: null })
    expect(authority.issuerOf(new X509Certificate(early.certificate))).toBeNull()
    expect((await authorityIn(folder)).fingerprint).toBe(next)
  })

  test('is made once, however often it is asked for', async () => {
    const authority = await authorityIn(scratchFolder())
    await authority.renew(nowMs)
    const { next } = authority
    expect(await authority.renew(nowMs)).toEqual({ ok: true })
    expect(authority.next).toBe(next)
  })
})
