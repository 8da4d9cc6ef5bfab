import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { openPrivateFolder } from '../store/private-folder.ts'
import { openCertificateAuthority, type CertificateAuthority } from './certificate-authority.ts'
import { hostIdentity } from './host-identity.ts'

const nowMs = Date.parse('2026-11-21T03:15:02.000Z')
const dayMs = 24 * 60 * 60_000
const { publicKey } = generateKeyPairSync('ed25519')

let authority: CertificateAuthority
let certificate: X509Certificate
beforeEach(async () => {
  authority = await fleet()
  certificate = new X509Certificate((await authority.issueClientCertificate('web-7', publicKey, nowMs)).certificate)
})

async function fleet(): Promise<CertificateAuthority> {
  const folder = scratchFolder()
  await openPrivateFolder(folder)
  const opened = await openCertificateAuthority(folder, nowMs)
  if (!opened.ok) throw new Error(opened.says)
  return opened.value
}

function judged(shown: X509Certificate | undefined, atMs = nowMs, graceMs = 0): string {
  const identified = hostIdentity(shown, authority, { nowMs: atMs, graceMs })
  return identified.ok ? identified.value.host : identified.problem.code
}

/** As if the right authority had issued it with other words in it. */
function saying(changed: Partial<Pick<X509Certificate, 'subjectAltName' | 'keyUsage' | 'ca'>>): string {
  const { subjectAltName, ca, keyUsage, validFrom, validTo, publicKey } = certificate
  const strange = { subjectAltName, ca, keyUsage, validFrom, validTo, publicKey, ...changed } as X509Certificate
  const { fleet, now } = authority
  const identified = hostIdentity(strange, { fleet, issuerOf: () => now }, { nowMs, graceMs: 0 })
  return identified.ok ? identified.value.host : identified.problem.code
}

describe('who shows a certificate', () => {
  test('of this fleet is the host that it names', () => {
    expect(judged(certificate)).toBe('web-7')
  })

  test('that is none is nobody', () => {
    expect(judged(undefined)).toBe('no-certificate')
  })

  test('of another fleet is nobody, whatever it names', async () => {
    const issued = await (await fleet()).issueClientCertificate('web-7', publicKey, nowMs)
    expect(judged(new X509Certificate(issued.certificate))).toBe('foreign-certificate')
  })

  test("of the controller is nobody: a server's certificate is no host's", async () => {
    const { chain } = await authority.issueServerCertificate(['web-7'], nowMs)
    expect(judged(new X509Certificate(chain))).toBe('foreign-certificate')
  })

  test('of the authority itself is nobody', () => {
    expect(judged(new X509Certificate(authority.certificate))).toBe('foreign-certificate')
  })

  test.each([
    { names: 'URI:fleetmend://FLEET/web-7, DNS:web-8', why: 'a second name' },
    { names: 'DNS:web-7', why: 'no URI' },
    { names: 'URI:fleetmend://other/web-7', why: 'another fleet' },
    { names: 'URI:fleetmend://FLEET/', why: 'an empty name' },
    { names: 'URI:fleetmend://FLEET/web 7', why: 'a name that no host has' },
    { names: 'DNS:"x, URI:fleetmend://FLEET/web-7"', why: 'a name within a name' },
    { names: undefined, why: 'no names at all' },
  ])('$names is nobody: $why', ({ names }) => {
    const named = names?.replace('FLEET', authority.fleet)
    expect(saying({ subjectAltName: named })).toBe('foreign-certificate')
  })

  test('that is an authority, or not for clients, is nobody', () => {
    expect(saying({})).toBe('web-7')
    expect(saying({ ca: true })).toBe('foreign-certificate')
    expect(saying({ keyUsage: ['1.3.6.1.5.5.7.3.1'] })).toBe('foreign-certificate')
  })

  test.each([
    { what: 'before its time', atMs: nowMs - dayMs, graceMs: 0, code: 'certificate-expired' },
    { what: 'in its last millisecond', atMs: nowMs + dayMs - 1, graceMs: 0, code: 'web-7' },
    { what: 'at its end', atMs: nowMs + dayMs, graceMs: 0, code: 'certificate-expired' },
    { what: 'at its end, to renew it', atMs: nowMs + dayMs, graceMs: 14 * dayMs, code: 'web-7' },
    {
      what: 'two weeks later, to renew it',
      atMs: nowMs + 15 * dayMs,
      graceMs: 14 * dayMs,
      code: 'certificate-too-old',
    },
  ])('$what: $code', ({ atMs, graceMs, code }) => {
    expect(judged(certificate, atMs, graceMs)).toBe(code)
  })
})
