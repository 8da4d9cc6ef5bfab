import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { hardwareKey } from '../../test/hardware-key.ts'
import { hasSshKeygen, sshKeygen } from '../../test/ssh-keygen.ts'
import { digestOf } from '../digest.ts'
import { readApprovers } from './allowed-signers.ts'
import { Authority, RemoteAuthority, type Approval } from './authority.ts'
import { authorise, type Authorised, type AuthoriseInput } from './authorise.ts'
import { manifestBytes, type Manifest } from './manifest.ts'
import { planTree } from './plan-tree.ts'
import { APPROVAL_NAMESPACE } from './sshsig.ts'

interface Signer {
  readonly publicKey: string
  sign(message: Uint8Array, namespace: string): string
}

const nowMs = Date.parse('2026-11-21T03:20:00.000Z')
const plans = ['web-1', 'web-2', 'web-3'].map((host) => ({ host, digest: digestOf({ plan: host }) }))
const tree = planTree(plans)
const manifest: Manifest = {
  format: 'fleetmend.manifest/1',
  run: 'r-20261121-031455-41bd',
  requester: 'ana',
  reason: '502s on shop since 03:02',
  waves: { canaryHosts: 1, batchHosts: 5 },
  notBefore: '2026-11-21T03:15:00.000Z',
  notAfter: '2026-11-21T04:15:00.000Z',
  hosts: tree.size,
  root: tree.root,
}

const ana = hardwareKey('ed25519')
const anasSecond = hardwareKey('ecdsa')
const ben = hardwareKey('ed25519')
const stranger = hardwareKey('ed25519')
const list = `ana ${ana.publicKey}\nana ${anasSecond.publicKey}\nben ${ben.publicKey}\n`

function approvalBy(
  signers: readonly Signer[],
  change: Partial<Manifest> = {},
  namespace = APPROVAL_NAMESPACE,
): Approval {
  const signed = { ...manifest, ...change }
  return {
    kind: 'approval',
    format: 'fleetmend.approval/1',
    scheme: 'sshsig',
    manifest: signed,
    signatures: signers.map((signer) => signer.sign(manifestBytes(signed), namespace)),
    proof: tree.proofOf('web-2')!,
  }
}

function ask(change: Partial<AuthoriseInput>): Authorised {
  return authorise({
    host: 'web-2',
    plan: plans[1]!.digest,
    nonceUsed: false,
    authority: approvalBy([ana]),
    approvers: readApprovers(list),
    policy: { approvalsNeeded: 1 },
    nowMs,
    ...change,
  })
}

test('one person in the list is enough where one is asked for', () => {
  expect(ask({})).toEqual({
    ok: true,
    by: ['ana'],
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
  expect(ask({ authority: approvalBy(signers), policy: { approvalsNeeded: 2 } }).ok).toBe(ok)
})

describe('is refused, and says exactly why', () => {
  const fingerprints = readApprovers(`s ${stranger.publicKey}`).approvers.map(({ fingerprint }) => fingerprint)

  test.each<{ name: string; change: Partial<AuthoriseInput>; code: string; says: readonly string[] }>([
    {
      name: 'a plan that was applied before',
      change: { nonceUsed: true },
      code: 'plan-used',
      says: ['applied before'],
    },
    {
      name: 'an approval before its time',
      change: { nowMs: Date.parse(manifest.notBefore) - 1 },
      code: 'not-approved',
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
      code: 'not-approved',
      says: [`is not plan ${plans[1]!.digest} on web-1`, 'Have this plan approved'],
    },
    {
      name: 'another plan of this host',
      change: { plan: digestOf('later') },
      code: 'not-approved',
      says: [`is not plan ${digestOf('later')} on web-2`],
    },
    {
      name: 'a proof for a tree of another size',
      change: { authority: approvalBy([ana], { hosts: 4 }) },
      code: 'not-approved',
      says: ['was approved in r-20261121-031455-41bd is not plan'],
    },
    {
      name: 'a stranger',
      change: { authority: approvalBy([stranger]) },
      code: 'not-approved',
      says: [
        'Nobody whose signature counts here has approved.',
        `Signature 1 does not count: its key (sk-ssh-ed25519@openssh.com ${fingerprints[0]}) is not in the list of approvers`,
        'correct the list',
      ],
    },
    {
      name: 'one of two',
      change: { policy: { approvalsNeeded: 2 }, authority: approvalBy([ben, stranger]) },
      code: 'not-approved',
      says: ['asks for the approval of 2 different people. Only ben approved.', 'Signature 2 does not count'],
    },
    {
      name: 'a signature for something else',
      change: { authority: approvalBy([ana], {}, 'git') },
      code: 'not-approved',
      says: ['Signature 1 does not count: it was made for "git", not for "fleetmend-approval@v1".'],
    },
    {
      name: 'a signature under another manifest',
      change: { authority: { ...approvalBy([ana]), manifest: { ...manifest, reason: 'another' } } },
      code: 'not-approved',
      says: ['Signature 1 does not count: it does not fit what was signed.'],
    },
    {
      name: 'a key that is not for approvals',
      change: { approvers: readApprovers(`ana namespaces="git" ${ana.publicKey}`) },
      code: 'not-approved',
      says: ['the key of ana (line 1) is not for approvals'],
    },
    {
      name: 'a key that is not valid yet',
      change: { approvers: readApprovers(`ana valid-after="20261121032001Z" ${ana.publicKey}`) },
      code: 'not-approved',
      says: ['the key of ana (line 1) is valid only from 2026-11-21T03:20:01.000Z'],
    },
    {
      name: 'a key that is valid no more',
      change: { approvers: readApprovers(`ana valid-before="20261121031959Z" ${ana.publicKey}`) },
      code: 'not-approved',
      says: ['the key of ana (line 1) was valid only until 2026-11-21T03:19:59.000Z'],
    },
    {
      name: 'everybody, where the list is empty',
      change: { approvers: readApprovers('') },
      code: 'not-approved',
      says: ['/etc/fleetmend/approvers, names nobody'],
    },
    {
      name: 'somebody whose line was refused',
      change: { approvers: readApprovers(`ana,ben ${ana.publicKey}`) },
      code: 'not-approved',
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

test('any change of any byte of the approval on its way is refused, or is no approval at all', () => {
  const bytes = Buffer.from(JSON.stringify(approvalBy([ana])))
  expect(isAuthorised(bytes)).toBe(true)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bent = Buffer.from(bytes)
      bent[at]! ^= change
      expect(isAuthorised(bent)).toBe(false)
    }),
    { numRuns: 3000 },
  )
})

function isAuthorised(bytes: Buffer): boolean {
  try {
    const authority = z.safeParse(RemoteAuthority, JSON.parse(bytes.toString()))
    return authority.success && ask({ authority: authority.data }).ok
  } catch {
    return false
  }
}

test('root on the host itself needs no signatures, but cannot come over a connection', () => {
  const authority = { kind: 'local-root', format: 'fleetmend.local-root/1', person: 'ana' } as const
  expect(ask({ authority, approvers: readApprovers(''), policy: { approvalsNeeded: 2 } })).toEqual({
    ok: true,
    by: ['ana'],
    summary: { kind: 'local-root', by: ['ana'] },
  })
  expect(ask({ authority, nonceUsed: true })).toMatchObject({ ok: false, problem: { code: 'plan-used' } })
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

test.each([0, -1, Number.NaN])('a policy of %d approvals is a bug, not a way in', (approvalsNeeded) => {
  expect(() => ask({ policy: { approvalsNeeded } })).toThrow(RangeError)
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
    expect(ask({ authority, approvers: readApprovers(approvers) })).toMatchObject({ ok: true, by: ['ana'] })
    const bytes = manifestBytes(authority.manifest)
    expect(keygen.verify(approvers, 'ana', APPROVAL_NAMESPACE, bytes, authority.signatures[0]!)).toBe(true)
    const bent = { ...authority, manifest: { ...manifest, notAfter: '2026-11-21T05:15:00.000Z' } }
    expect(ask({ authority: bent, approvers: readApprovers(approvers) }).ok).toBe(false)
  })
})
