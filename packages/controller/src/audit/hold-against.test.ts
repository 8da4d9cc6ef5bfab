import { generateKeyPairSync, sign } from 'node:crypto'
import {
  digestOf,
  headBytes,
  nextRecord,
  type AuditHead,
  type AuditRecord,
  type ChainEnd,
  type SignedHead,
} from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { holdHead, walk, whyNotThere, type KnownOfHost } from './hold-against.ts'

const at = '2026-11-21T03:00:00.000Z'
const mine = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const another = generateKeyPairSync('ed25519')

/** A chain of so many records, that says the same whenever it is made. */
function chainOf(length: number, word = 'it'): { readonly records: readonly AuditRecord[]; readonly end: ChainEnd } {
  const records: AuditRecord[] = []
  let end: ChainEnd | null = null
  for (let n = 1; n <= length; n++) {
    const entry = { type: 'rollback-asked', askedBy: n === 1 ? 'it' : word }
    const next = nextRecord(end, at, entry)
    records.push(next.record)
    end = { sequence: n, hash: next.hash }
  }
  if (end === null) throw new Error('A chain has records.')
  return { records, end }
}

function signed(
  end: ChainEnd,
  { keys = mine, ...change }: Partial<AuditHead> & { keys?: typeof mine } = {},
): SignedHead {
  const head: AuditHead = { format: 'fleetmend.audit-head/1', host: 'web-1', fleet: 'f1', at, ...end, ...change }
  const algorithm = keys.privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return {
    head,
    publicKey: keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    signature: sign(algorithm, headBytes(head), keys.privateKey).toString('base64'),
  }
}

const known: KnownOfHost = {
  host: 'web-1',
  fleet: 'f1',
  publicKey: signed(chainOf(1).end).publicKey,
  head: signed(chainOf(5).end),
}

describe('a head', () => {
  test.each([
    { shows: 'the one that is known', shown: signed(chainOf(5).end), is: 'same' },
    { shows: 'a later one', shown: signed(chainOf(6).end), is: 'newer' },
    { shows: 'nothing, where something was known', shown: null, code: 'audit-truncated' },
    { shows: 'an earlier one', shown: signed(chainOf(4).end), code: 'audit-truncated' },
    { shows: 'another one of the same number', shown: signed(chainOf(5, 'else').end), code: 'audit-forked' },
    { shows: 'one by another key', shown: signed(chainOf(6).end, { keys: another }), code: 'audit-key-changed' },
    {
      shows: 'one that its key did not sign',
      shown: { ...signed(chainOf(6).end), signature: signed(chainOf(7).end).signature },
      code: 'audit-key-changed',
    },
    { shows: 'that of another host', shown: signed(chainOf(6).end, { host: 'web-2' }), code: 'audit-forked' },
    { shows: 'that of another fleet', shown: signed(chainOf(6).end, { fleet: 'f2' }), code: 'audit-forked' },
  ])('a host that shows $shows', ({ shown, is, code }) => {
    const held = holdHead(known, shown)
    expect(held.is === 'alarm' ? held.problem.code : held.is).toBe(code ?? is)
  })

  test('nothing is held against a host that has shown nothing yet', () => {
    expect(holdHead({ ...known, head: null }, null)).toEqual({ is: 'nothing' })
    expect(holdHead({ ...known, head: null }, signed(chainOf(3).end))).toMatchObject({ is: 'newer' })
  })
})

describe('records that lead from the known head to the new one', () => {
  const { records, end } = chainOf(8)
  const before = chainOf(5).end

  test('are walked page by page', () => {
    const first = walk('web-1', null, before, records.slice(4, 6))
    const second = walk('web-1', first.end, before, records.slice(6))
    expect([first.problem, second.problem]).toEqual([null, null])
    expect(whyNotThere('web-1', second.end, signed(end).head)).toBeNull()
  })

  test.each([
    { what: 'begin after the known one', page: records.slice(5), code: 'audit-truncated' },
    { what: 'begin with another one', page: chainOf(8, 'else').records.slice(4), code: 'audit-forked' },
    { what: 'leave one out', page: [...records.slice(4, 6), ...records.slice(7)], code: 'audit-broken' },
    {
      what: 'hold one that was changed',
      page: records.slice(4).map((each, n) => (n === 1 ? { ...each, at: '2026-11-21T04:00:00.000Z' } : each)),
      code: 'audit-broken',
    },
  ])('are an alarm where they $what', ({ page, code }) => {
    expect(walk('web-1', null, before, page).problem?.code).toBe(code)
  })

  test('are an alarm where they do not reach what was signed', () => {
    const walked = walk('web-1', null, before, records.slice(4, 7))
    expect(whyNotThere('web-1', walked.end, signed(end).head)?.code).toBe('audit-forked')
    const other = { ...signed(end).head, hash: digestOf('another') }
    expect(whyNotThere('web-1', walk('web-1', null, before, records.slice(4)).end, other)?.code).toBe('audit-forked')
  })
})
