import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import {
  ana,
  anasSecond,
  approvalBy,
  ask,
  ben,
  brokenGlassBy,
  grantBy,
  manifest,
  nowMs,
  plan,
  plans,
  presented,
  refusal,
  stranger,
  type Asked,
} from '../../test/sample-approval.ts'
import type { Signer } from '../../test/signed.ts'
import { hasSshKeygen, sshKeygen } from '../../test/ssh-keygen.ts'
import { digestOf } from '../digest.ts'
import type { Plan } from '../model/plan.ts'
import { readApprovers } from './allowed-signers.ts'
import { isHeard } from './authorise.ts'
import { Authority, RemoteAuthority, type Approval } from './authority.ts'
import { manifestBytes, type Manifest } from './manifest.ts'
import { APPROVAL_NAMESPACE, BREAK_GLASS_NAMESPACE, GRANT_NAMESPACE, REQUEST_NAMESPACE } from './namespaces.ts'

test('one person in the list is enough where one is asked for', () => {
  expect(ask()).toEqual({
    ok: true,
    summary: { kind: 'approval', by: ['ana'], run: 'r-20261121-031455-41bd' },
  })
})

test('it holds after a journey as JSON', () => {
  const authority = z.parse(RemoteAuthority, JSON.parse(JSON.stringify(approvalBy([ana]))))
  expect(ask({ authority }).ok).toBe(true)
})

test.each([
  { name: 'two people', signers: [ana, ben], ok: true },
  { name: 'one person', signers: [ana], ok: false },
  { name: 'one person twice', signers: [ana, ana], ok: false },
  { name: 'one person with two keys', signers: [ana, anasSecond], ok: false },
  { name: 'one person and a stranger', signers: [ana, stranger], ok: false },
  { name: 'two people, one of them twice, and a stranger', signers: [stranger, ana, anasSecond, ben], ok: true },
])('where two are asked for: $name', ({ signers, ok }) => {
  expect(ask({ authority: approvalBy(signers), policy: { ordinary: 2 } }).ok).toBe(ok)
  const restart = { ...plan, acts: [{ act: 'restart', service: 'php8.2-fpm' }] } as unknown as Plan
  expect(ask({ authority: approvalBy(signers), plan: restart }).ok).toBe(ok)
})

test('whom a host knows is heard before it asks for more', () => {
  expect(isHeard(presented()).ok).toBe(true)
  expect(isHeard(presented({ authority: approvalBy([stranger]) })).ok).toBe(false)
})

describe('is refused, and says exactly why', () => {
  const fingerprints = readApprovers(`s ${stranger.publicKey}`).approvers.map(({ fingerprint }) => fingerprint)

  test.each<{ name: string; change: Asked; code: string; says: readonly string[] }>([
    {
      name: 'an approval before its time',
      change: { nowMs: Date.parse(manifest.notBefore) - 1 },
      code: 'approval-not-yet',
      says: ['holds from 2026-11-21T03:15:00.000Z', 'it is 2026-11-21T03:14:59.999Z on this host'],
    },
    {
      name: 'an approval whose time is over',
      change: { nowMs: Date.parse(manifest.notAfter) },
      code: 'approval-expired',
      says: ['held until 2026-11-21T04:15:00.000Z', 'Plan again'],
    },
    {
      name: 'the approved plan of another host',
      change: { host: 'web-1' },
      code: 'approval-of-another-plan',
      says: [`is not plan ${plans[1]!.digest} on web-1`, 'Have this plan approved'],
    },
    {
      name: 'another plan of this host',
      change: { digest: digestOf('later') },
      code: 'approval-of-another-plan',
      says: [`is not plan ${digestOf('later')} on web-2`],
    },
    {
      name: 'a proof for a tree of another size',
      change: { authority: approvalBy([ana], { hosts: 4 }) },
      code: 'approval-of-another-plan',
      says: ['was approved in r-20261121-031455-41bd is not plan'],
    },
    {
      name: 'a stranger',
      change: { authority: approvalBy([stranger]) },
      code: 'approver-unknown',
      says: [
        'Nobody whose signature counts here has signed.',
        `Signature 1 does not count: its key (sk-ssh-ed25519@openssh.com ${fingerprints[0]}) is not in the list of approvers`,
        'correct the list',
      ],
    },
    {
      name: 'one of two',
      change: { policy: { ordinary: 2 }, authority: approvalBy([ben, stranger]) },
      code: 'approval-too-few',
      says: ['asks for the approval of 2 different people. Only ben signed.', 'Signature 2 does not count'],
    },
    {
      name: 'a signature for something else',
      change: { authority: approvalBy([ana], {}, 'git') },
      code: 'signature-misused',
      says: ['Signature 1 does not count: it was made for "git", not for "fleetmend-approval@v1".'],
    },
    {
      name: 'a signature under another manifest',
      change: { authority: { ...approvalBy([ana]), manifest: { ...manifest, reason: 'another' } } },
      code: 'signature-invalid',
      says: ['Signature 1 does not count: it does not fit what was signed.'],
    },
    {
      name: 'a key that is not for approvals',
      change: { approvers: readApprovers(`ana namespaces="git" ${ana.publicKey}`) },
      code: 'approver-not-allowed',
      says: ['the key of ana (line 1) does not say namespaces="fleetmend-approval@v1"'],
    },
    {
      name: 'a key that is not valid yet',
      change: { approvers: readApprovers(`ana valid-after="20261121032001Z" ${ana.publicKey}`) },
      code: 'approver-not-allowed',
      says: ['the key of ana (line 1) is valid only from 2026-11-21T03:20:01.000Z'],
    },
    {
      name: 'a key that is valid no more',
      change: { approvers: readApprovers(`ana valid-before="20261121031959Z" ${ana.publicKey}`) },
      code: 'approver-not-allowed',
      says: ['the key of ana (line 1) was valid only until 2026-11-21T03:19:59.000Z'],
    },
    {
      name: 'everybody, where the list is empty',
      change: { approvers: readApprovers('') },
      code: 'approver-unknown',
      says: ['/etc/fleetmend/approvers, names nobody'],
    },
    {
      name: 'somebody whose line was refused',
      change: { approvers: readApprovers(`ana,ben ${ana.publicKey}`) },
      code: 'approver-line-refused',
      says: ['Line 1 of /etc/fleetmend/approvers was refused: two principals share one key'],
    },
  ])('$name', ({ change, code, says }) => {
    const answer = ask(change)
    expect(answer).toMatchObject({ ok: false, problem: { code } })
    for (const words of says) expect(!answer.ok && answer.problem.detail).toContain(words)
  })
})

test.each([
  { name: 'at the first moment', at: manifest.notBefore, more: 0 },
  { name: 'at the last moment', at: manifest.notAfter, more: -1 },
])('an approval holds $name', ({ at, more }) => {
  expect(ask({ nowMs: Date.parse(at) + more }).ok).toBe(true)
})

test('a key is valid up to and including its last moment, as for OpenSSH', () => {
  const approvers = readApprovers(`ana valid-after="20261121032000Z",valid-before="20261121032001Z" ${ana.publicKey}`)
  expect([0, 1000].map((more) => ask({ approvers, nowMs: nowMs + more }).ok)).toEqual([true, true])
  expect([-1, 1001].map((more) => ask({ approvers, nowMs: nowMs + more }).ok)).toEqual([false, false])
})

const named = readApprovers(
  `ana namespaces="${APPROVAL_NAMESPACE},${BREAK_GLASS_NAMESPACE},${GRANT_NAMESPACE}" ${ana.publicKey}`,
)

test.each([
  { what: 'an approval', authority: approvalBy([ana]) },
  { what: 'a broken glass', authority: brokenGlassBy(ana) },
  { what: 'a grant', authority: grantBy([ana]) },
])('any change of any byte of $what on its way is refused, or makes it none', ({ authority }) => {
  const bytes = Buffer.from(JSON.stringify(authority))
  expect(isAuthorised(bytes)).toBe(true)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bent = Buffer.from(bytes)
      bent[at]! ^= change
      expect(isAuthorised(bent)).toBe(false)
    }),
    { numRuns: 1500 },
  )
})

function isAuthorised(bytes: Buffer): boolean {
  try {
    const authority = z.safeParse(RemoteAuthority, JSON.parse(bytes.toString()))
    return authority.success && ask({ authority: authority.data, approvers: named }).ok
  } catch {
    return false
  }
}

test('root on the host itself needs no signatures, but cannot come over a connection', () => {
  const authority = { kind: 'local-root', format: 'fleetmend.local-root/1', person: 'ana' } as const
  expect(ask({ authority, approvers: readApprovers(''), policy: { ordinary: 2 } })).toEqual({
    ok: true,
    summary: { kind: 'local-root', by: ['ana'] },
  })
  expect(z.safeParse(Authority, authority).success).toBe(true)
  expect(z.safeParse(RemoteAuthority, authority).success).toBe(false)
})

test.each([
  { name: 'no signature', change: { signatures: [] } },
  {
    name: 'more signatures than anyone needs',
    change: { signatures: Array(17).fill(approvalBy([ana]).signatures[0]) },
  },
  { name: 'another format', change: { format: 'fleetmend.approval/2' } },
  { name: 'another scheme', change: { scheme: 'passkey' } },
  { name: 'a field that nobody knows', change: { force: true } },
  { name: 'a proof longer than any', change: { proof: { index: 0, size: 1, path: Array(65).fill('00'.repeat(32)) } } },
])('$name is no approval', ({ change }) => {
  expect(z.safeParse(RemoteAuthority, { ...approvalBy([ana]), ...change }).success).toBe(false)
})

describe('where whoever asked may not approve', () => {
  const policy = { requesterMayApprove: false }
  const asked = (by: Signer, signers: readonly Signer[], change: Partial<Manifest> = {}): Approval => {
    const authority = approvalBy(signers, change)
    return { ...authority, request: by.sign(manifestBytes(authority.manifest), REQUEST_NAMESPACE) }
  }

  test('somebody else must, and the request carries the name and the signature of who asked', () => {
    expect(ask({ policy, authority: asked(ana, [ben]) })).toMatchObject({ ok: true, summary: { by: ['ben'] } })
    expect(ask({ policy, authority: asked(anasSecond, [ben]) }).ok).toBe(true)
    expect(ask({ policy, authority: asked(ana, [ana, ben]) })).toMatchObject({ ok: true, summary: { by: ['ben'] } })
  })

  test.each([
    { name: 'the requester', authority: asked(ana, [ana]), code: 'requester-approved' },
    { name: 'the requester, with another key', authority: asked(ana, [anasSecond]), code: 'requester-approved' },
    { name: 'nobody signed the request', authority: approvalBy([ben]), code: 'request-not-signed' },
    {
      name: 'the controller named somebody else',
      authority: asked(ana, [ben], { requester: 'carl' }),
      code: 'request-not-signed',
    },
    { name: 'a stranger asked', authority: asked(stranger, [ben]), code: 'request-not-signed' },
    {
      name: 'an approval stands in for the request',
      authority: { ...approvalBy([ben]), request: approvalBy([ana]).signatures[0]! },
      code: 'request-not-signed',
    },
    {
      name: 'a request stands in for the approval',
      authority: { ...approvalBy([ben]), signatures: [asked(ana, [ben]).request!] },
      code: 'signature-misused',
    },
    {
      name: 'the request was for another run',
      authority: { ...asked(ana, [ben]), request: asked(ana, [ben], { run: 'r-20261121-031455-0000' }).request! },
      code: 'request-not-signed',
    },
  ])('is refused: $name', ({ authority, code }) => {
    expect(refusal(ask({ policy, authority }))[0]).toBe(code)
  })

  test('with two needed the requester is neither of them', () => {
    const two = { ...policy, ordinary: 2 }
    expect(refusal(ask({ policy: two, authority: asked(ana, [ana, ben]) }))).toEqual([
      'requester-approved',
      expect.stringContaining('the approval of 2 different people besides'),
    ])
  })
})

describe.skipIf(!hasSshKeygen)('with keys and signatures of stock ssh-keygen', () => {
  const keygen = sshKeygen()
  afterAll(() => keygen[Symbol.dispose]())

  test.each([
    { type: 'ed25519', bits: undefined },
    { type: 'ecdsa', bits: 256 },
    { type: 'rsa', bits: 2048 },
  ])('an approval by $type is accepted, and anyone can check it again with ssh-keygen', ({ type, bits }) => {
    const key = keygen.key(type, bits)
    const approvers = `ana namespaces="fleetmend-approval@v1" ${key.publicKey} ana@laptop\n`
    const authority = approvalBy([key])
    expect(ask({ authority, approvers: readApprovers(approvers) })).toMatchObject({
      ok: true,
      summary: { by: ['ana'] },
    })
    const bytes = manifestBytes(authority.manifest)
    expect(keygen.verify(approvers, 'ana', APPROVAL_NAMESPACE, bytes, authority.signatures[0]!)).toBe(true)
    const bent = { ...authority, manifest: { ...manifest, notAfter: '2026-11-21T05:15:00.000Z' } }
    expect(ask({ authority: bent, approvers: readApprovers(approvers) }).ok).toBe(false)
  })
})
