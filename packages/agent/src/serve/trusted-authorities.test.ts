import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { throwAwayAuthority } from '../../test/throw-away-authority.ts'
import { certificatesIn, trustFrom } from './trusted-authorities.ts'

type Authority = Awaited<ReturnType<typeof throwAwayAuthority>>

let own: Authority
let next: Authority
let stranger: Authority
beforeAll(async () => {
  ;[own, next, stranger] = await Promise.all([throwAwayAuthority(), throwAwayAuthority(), throwAwayAuthority()])
})

const known = (authority: Authority) => ({ certificate: authority.certificate, vouched: null })

describe('a host trusts', () => {
  test('what it trusted before, where nothing changed', () => {
    const trusted = trustFrom(own.certificate, [known(own)])
    expect(trusted.ok && certificatesIn(trusted.authority)).toHaveLength(1)
  })

  test('a new authority that the one before vouches for, beside it', async () => {
    const vouched = await own.vouchFor(next)
    const trusted = trustFrom(own.certificate, [known(own), { certificate: next.certificate, vouched }])
    if (!trusted.ok) throw new Error(trusted.says)
    expect(certificatesIn(trusted.authority).map(({ raw }) => raw)).toEqual(
      [own, next].map(({ certificate }) => new X509Certificate(certificate).raw),
    )
    // And then alone, when the one before is dropped.
    const alone = trustFrom(trusted.authority, [known(next)])
    expect(alone.ok && certificatesIn(alone.authority)).toHaveLength(1)
  })

  test.each([
    { what: 'that nobody vouches for', vouched: async () => null },
    { what: 'that a stranger vouches for', vouched: () => stranger.vouchFor(next) },
    { what: 'that vouches for itself', vouched: () => next.vouchFor(next) },
    { what: 'with the voucher of another one', vouched: () => own.vouchFor(stranger) },
    {
      what: 'with the certificate of a host for a voucher',
      vouched: () => own.client('web-7', new X509Certificate(next.certificate).publicKey),
    },
    { what: 'with noise for a voucher', vouched: async () => 'noise' },
  ])('no authority $what', async ({ vouched }) => {
    const offered = [known(own), { certificate: next.certificate, vouched: await vouched() }]
    expect(trustFrom(own.certificate, offered)).toEqual({
      ok: false,
      says: 'no authority that this host trusts vouches for the new one',
    })
  })

  test('no host, though its own authority vouches for it', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const certificate = await own.client('web-7', publicKey)
    expect(trustFrom(own.certificate, [{ certificate, vouched: certificate }])).toMatchObject({ ok: false })
  })

  test('nothing that is no certificate, or two of them in one place', () => {
    for (const certificate of ['noise', `${own.certificate}\n${stranger.certificate}`])
      expect(trustFrom(own.certificate, [{ certificate, vouched: null }])).toMatchObject({ ok: false })
  })
})
