import { createHash, generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { enrolmentChallenge, type EnrolRequest } from '@fleetmend/shared'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openPrivateFolder } from '../store/private-folder.ts'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { getHost, listHosts, putHost, removeHost } from '../store/hosts.ts'
import { getHostAudit } from '../store/host-audits.ts'
import { addJoinToken, type Invitation } from '../store/join-tokens.ts'
import { stores } from '../../test/stores.ts'
import type { Database } from '../store/tables.ts'
import { openCertificateAuthority, type CertificateAuthority } from './certificate-authority.ts'
import { enrol, renewCertificate, whyNotMember } from './enrol.ts'
import { hostIdentity } from './host-identity.ts'

const nowMs = Date.parse('2026-11-21T03:15:02.000Z')
const hourMs = 60 * 60_000

describe.each(stores)('over $store', ({ open }) => {
  let authority: CertificateAuthority
  let database: Database
  beforeAll(async () => {
    const opened = await open()
    database = opened.database
    return opened.close
  })

  beforeEach(async () => {
    const folder = scratchFolder()
    await openPrivateFolder(folder)
    const opened = await openCertificateAuthority(folder, nowMs)
    if (!opened.ok) throw new Error(opened.says)
    authority = opened.value
  })

  async function invite(rest: Partial<Invitation> = {}): Promise<string> {
    return (
      await addJoinToken(database, {
        madeBy: 'ana',
        labels: { role: 'web' },
        host: null,
        nowMs,
        lifeMs: hourMs,
        ...rest,
      })
    ).secret
  }

  function requestOf(host: string, secret: string, keys = generateKeyPairSync('ed25519')): EnrolRequest {
    const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
    return {
      host,
      secret,
      publicKey,
      signature: signed({ host, secret, publicKey }, keys.privateKey),
      os: 'Debian 12',
      agentVersion: '0.1.0',
    }
  }

  function signed(what: Pick<EnrolRequest, 'host' | 'secret' | 'publicKey'>, key: KeyObject): string {
    return sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', enrolmentChallenge(what), key).toString('base64')
  }

  describe('a host with a good token', () => {
    test('gets a certificate with its name, and is on record with the labels of its token', async () => {
      const secret = await invite()
      const request = requestOf('web-1', secret)
      const enrolled = await enrol(database, authority, request, nowMs)
      if (!enrolled.ok) throw new Error(enrolled.problem.detail)
      const shown = new X509Certificate(enrolled.value.certificate)
      const identity = hostIdentity(shown, authority, { nowMs, graceMs: 0 })
      expect(identity).toMatchObject({ ok: true, value: { host: 'web-1' } })
      expect(await getHost(database, 'web-1')).toMatchObject({
        labels: { role: 'web' },
        os: 'Debian 12',
        certificateFingerprint: enrolled.value.certificateFingerprint,
        enrolledAt: '2026-11-21T03:15:02.000Z',
      })
      expect(identity.ok && (await whyNotMember(database, identity.value))).toBeNull()
    })

    test('may have a P-256 key as well', async () => {
      expect(
        await enrol(
          database,
          authority,
          requestOf('web-ec', await invite(), generateKeyPairSync('ec', { namedCurve: 'P-256' })),
          nowMs,
        ),
      ).toMatchObject({ ok: true })
    })

    test('cannot use it twice, not even at the same time', async () => {
      const secret = await invite()
      const both = await Promise.all([
        enrol(database, authority, requestOf('twin-1', secret), nowMs),
        enrol(database, authority, requestOf('twin-2', secret), nowMs),
      ])
      expect(both.filter((each) => each.ok)).toHaveLength(1)
      expect(both.find((each) => !each.ok)).toMatchObject({
        problem: { code: 'token-used', detail: expect.stringMatching(/It let in twin-[12] at/) },
      })
      expect((await listHosts(database)).filter(({ id }) => id.startsWith('twin'))).toHaveLength(1)
    })

    test('cannot take the name of another, unless the token is for that name', async () => {
      await enrol(database, authority, requestOf('web-2', await invite()), nowMs)
      const before = await getHost(database, 'web-2')
      expect(await enrol(database, authority, requestOf('web-2', await invite()), nowMs)).toMatchObject({
        ok: false,
        problem: { code: 'name-taken', detail: expect.stringContaining('hosts invite --host web-2') },
      })
      expect(await getHost(database, 'web-2')).toEqual(before)
      expect(
        await enrol(database, authority, requestOf('web-2', await invite({ host: 'web-2' })), nowMs),
      ).toMatchObject({
        ok: true,
      })
      expect((await getHost(database, 'web-2'))?.keyFingerprint).not.toBe(before?.keyFingerprint)
    })
  })

  describe('nobody is let in', () => {
    test.each([
      {
        name: 'with a token that was never given out',
        code: 'bad-token',
        tweak: (request: EnrolRequest) => requestOf(request.host, 'A'.repeat(43)),
      },
      {
        name: 'with the token of another host',
        code: 'token-for-another-host',
        invitation: { host: 'web-9' },
        tweak: (request: EnrolRequest) => request,
      },
      {
        name: 'too late',
        code: 'token-expired',
        invitation: { lifeMs: 1000 },
        atMs: nowMs + 1000,
        tweak: (request: EnrolRequest) => request,
      },
      {
        name: "with somebody else's public key",
        code: 'key-not-proven',
        tweak: (request: EnrolRequest) => ({ ...request, publicKey: requestOf('x', 'y').publicKey }),
      },
      {
        name: 'under a name that was not signed',
        code: 'key-not-proven',
        tweak: (request: EnrolRequest) => ({ ...request, host: 'web-8' }),
      },
      {
        name: 'with a signature for another token',
        code: 'key-not-proven',
        tweak: (request: EnrolRequest) => ({ ...request, signature: requestOf(request.host, 'other').signature }),
      },
      {
        name: 'with noise for a key',
        code: 'key-not-proven',
        tweak: (request: EnrolRequest) => ({ ...request, publicKey: 'bm9pc2U=' }),
      },
      {
        name: 'with noise for a signature',
        code: 'key-not-proven',
        tweak: (request: EnrolRequest) => ({ ...request, signature: 'bm9pc2U=' }),
      },
    ])('$name; and the token stays good for its host', async ({ code, invitation, atMs, tweak }) => {
      const hosts = await listHosts(database)
      const secret = await invite(invitation)
      const request = requestOf('web-7', secret)
      expect(await enrol(database, authority, tweak(request), atMs ?? nowMs)).toMatchObject({
        ok: false,
        problem: { code },
      })
      expect(await listHosts(database)).toEqual(hosts)
      const unused = await database
        .selectFrom('join_tokens')
        .select('used_at')
        .where('secret_hash', '=', createHash('sha256').update(secret).digest('hex'))
        .executeTakeFirstOrThrow()
      expect(unused.used_at).toBeNull()
    })
  })

  test('a secret is not in the store, only its hash', async () => {
    const secret = await invite()
    const rows = await database.selectFrom('join_tokens').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(secret)
  })

  describe('a token that somebody else used first', () => {
    test('is refused to its host, which is told who has it, and the fleet shows it at the other one', async () => {
      const secret = await invite()
      await enrol(database, authority, requestOf('thief', secret), nowMs, '203.0.113.9')
      const told = await enrol(database, authority, requestOf('web-10', secret), nowMs + hourMs, '10.0.0.10')
      expect(told).toMatchObject({
        problem: {
          code: 'token-used',
          detail: expect.stringMatching(/let in thief at .* from 203\.0\.113\.9.*hosts remove thief/s),
        },
      })
      await enrol(database, authority, requestOf('web-11', secret), nowMs + 2 * hourMs, '10.0.0.11')
      expect((await getHostAudit(database, 'thief'))?.alarm).toMatchObject({
        code: 'token-used',
        at: '2026-11-21T04:15:02.000Z',
        says: expect.stringMatching(/^web-10 at 10\.0\.0\.10 showed the join token that had let thief in\./),
      })
      expect(await getHostAudit(database, 'web-10')).toBeNull()
    })

    test('is no reproach to a host that enrolled anew since', async () => {
      const secret = await invite()
      await enrol(database, authority, requestOf('web-12', secret), nowMs)
      await enrol(database, authority, requestOf('web-12', await invite({ host: 'web-12' })), nowMs + 1)
      await enrol(database, authority, requestOf('web-13', secret), nowMs + 2)
      expect(await getHostAudit(database, 'web-12')).toMatchObject({ alarm: null })
    })
  })

  describe('renewal', () => {
    test('gives the same host the same key under a later certificate', async () => {
      const keys = generateKeyPairSync('ed25519')
      await enrol(database, authority, requestOf('web-3', await invite(), keys), nowMs)
      const { keyFingerprint } = (await getHost(database, 'web-3'))!
      const renewed = await renewCertificate(
        database,
        authority,
        { host: 'web-3', keyFingerprint, publicKey: keys.publicKey },
        nowMs + hourMs,
      )
      expect(renewed).toMatchObject({ ok: true, value: { keyFingerprint, expiresAt: '2026-11-22T04:15:02.000Z' } })
      if (!renewed.ok) throw new Error(renewed.problem.detail)
      expect(await getHost(database, 'web-3')).toMatchObject({
        keyFingerprint,
        certificateFingerprint: renewed.value.fingerprint,
        certificateExpiresAt: renewed.value.expiresAt,
      })
    })

    test('gives nothing to a host that was removed, whatever its certificate says', async () => {
      const keys = generateKeyPairSync('ed25519')
      await enrol(database, authority, requestOf('web-4', await invite(), keys), nowMs)
      const { keyFingerprint } = (await getHost(database, 'web-4'))!
      const peer = { host: 'web-4', keyFingerprint, publicKey: keys.publicKey }
      expect(await removeHost(database, 'web-4')).toBe(true)
      expect(await whyNotMember(database, peer)).toMatchObject({ code: 'host-removed' })
      expect(await renewCertificate(database, authority, peer, nowMs)).toMatchObject({
        problem: { code: 'host-removed', detail: 'web-4 is not a host of this fleet any more.' },
      })
      expect(await removeHost(database, 'web-4')).toBe(false)
    })
  })

  test('a host that is reached over SSH is not let in by a certificate, even with the key that it always had', async () => {
    const keys = generateKeyPairSync('ed25519')
    await enrol(database, authority, requestOf('web-5', await invite(), keys), nowMs)
    const known = (await getHost(database, 'web-5'))!
    const peer = { host: 'web-5', keyFingerprint: known.keyFingerprint }
    expect(await whyNotMember(database, peer)).toBeNull()
    const ssh = { user: 'fleetmend', host: 'web-5.example', port: 22, hostKey: 'ssh-ed25519 AAAA', jumps: [] }
    await putHost(database, { ...known, certificateFingerprint: null, certificateExpiresAt: null, ssh })
    expect(await whyNotMember(database, peer)).toMatchObject({
      code: 'host-over-ssh',
      detail: expect.stringContaining('fleetmend hosts invite --host web-5'),
    })
  })
})
