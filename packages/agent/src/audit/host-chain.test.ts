import { execFile } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HostEntry, whyNotNext, digestOf, type AuditRecord, type ChainEnd } from '@fleetmend/shared'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StateFolder } from '../state/state-folder.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { record, recordBounded, type Recorder } from './host-chain.ts'
import { readRecords } from './read-chain.ts'

const startMs = Date.parse('2026-11-21T03:00:00.000Z')
const apply = 'a-20261121-030000-0a1b'

function recorder(state: StateFolder, nowMs = startMs): Recorder {
  return { state, host: { id: 'web-1', nowMs: () => nowMs } }
}

function asked(n: number): HostEntry {
  return { type: 'rollback-asked', apply, askedBy: `person ${n}` }
}

async function readAll(state: StateFolder): Promise<readonly AuditRecord[]> {
  return readRecords(state, 1, 1_000_000)
}

/** Null: every record follows the one before. */
function whyBroken(records: readonly AuditRecord[]): string | null {
  let end: ChainEnd | null = null
  for (const each of records) {
    const says = whyNotNext(end, each)
    if (says !== null) return says
    end = { sequence: each.sequence, hash: digestOf(each) }
  }
  return null
}

function newestFile(state: StateFolder): string {
  const names = readdirSync(state.audit).filter((name) => name.endsWith('.jsonl'))
  return join(state.audit, names.toSorted().at(-1) ?? '')
}

describe('what is put on record', () => {
  test('begins with saying that it begins, and each record holds the hash of the one before', async () => {
    await using temporary = await temporaryState()
    const { state } = temporary
    const first = await record(recorder(state), asked(1))
    await record(recorder(state), asked(2), asked(3))
    const records = await readAll(state)
    expect(records.map(({ entry }) => HostEntry.parse(entry).type)).toEqual([
      'began',
      'rollback-asked',
      'rollback-asked',
      'rollback-asked',
    ])
    expect(whyBroken(records)).toBeNull()
    expect(first).toEqual({ ok: true, end: { sequence: 2, hash: digestOf(records[1]) } })
  })

  test('is a value where it cannot be written, not an error that is thrown', async () => {
    await using temporary = await temporaryState()
    const { state } = temporary
    writeFileSync(state.audit, 'a file where the folder belongs')
    const written = await record(recorder(state), asked(1))
    expect(written).toMatchObject({ ok: false })
  })

  test('goes on in a new file when one is full, and the chain goes on with it', async () => {
    await using temporary = await temporaryState()
    const { state } = temporary
    const long = { type: 'rollback-asked', apply, askedBy: 'x'.repeat(300) } as const
    for (let n = 0; n < 8; n++) await record(recorder(state), ...Array.from({ length: 200 }, () => long))
    const names = readdirSync(state.audit).filter((name) => name.endsWith('.jsonl'))
    const records = await readAll(state)
    expect(names.length).toBeGreaterThan(1)
    expect(records).toHaveLength(1 + 8 * 200)
    expect(whyBroken(records)).toBeNull()
    expect(await readRecords(state, 1500, 10)).toEqual(records.slice(1499, 1509))

    rmSync(join(state.audit, names.toSorted()[0] ?? ''))
    const kept = await readAll(state)
    expect(kept[0]?.sequence).toBeGreaterThan(1)
    expect(whyBroken(kept)).toBeNull()
  })

  test('is one chain when many processes write at once', async () => {
    await using temporary = await temporaryState()
    const { state } = temporary
    const script = `
      import { record } from ${JSON.stringify(new URL('./host-chain.ts', import.meta.url).href)}
      const recorder = { state: { audit: process.argv[1] }, host: { id: 'web-1', nowMs: () => Date.now() } }
      for (let n = 0; n < 20; n++) {
        const written = await record(recorder, { type: 'rollback-asked', apply: '${apply}', askedBy: process.argv[2] + ' ' + n })
        if (!written.ok) throw new Error(written.says)
      }`
    const run = promisify(execFile)
    const args = ['--input-type=module', '--eval', script, state.audit]
    await Promise.all(['one', 'two', 'three'].map((name) => run(process.execPath, [...args, name])))
    const records = await readAll(state)
    expect(records).toHaveLength(1 + 3 * 20)
    expect(whyBroken(records)).toBeNull()
  })
})

describe('after a power cut', () => {
  test.each([
    { left: 'half a record', damage: (path: string) => truncateSync(path, statSync(path).size - 40), lost: 1 },
    {
      left: 'a record without its line break',
      damage: (path: string) => truncateSync(path, statSync(path).size - 1),
      lost: 1,
    },
    { left: 'zeros', damage: (path: string) => appendFileSync(path, Buffer.alloc(100)), lost: 0 },
    { left: 'the beginning of one more', damage: (path: string) => appendFileSync(path, '{"at":"2026'), lost: 0 },
    {
      left: 'a line of rubbish',
      damage: (path: string) => appendFileSync(path, Buffer.from([0xff, 0xfe, 0x0a])),
      lost: 0,
    },
  ])('$left at the end is said to have been there, and the chain goes on', async ({ damage, lost }) => {
    await using temporary = await temporaryState()
    const { state } = temporary
    await record(recorder(state), asked(1), asked(2))
    const before = readFileSync(newestFile(state))
    damage(newestFile(state))
    await record(recorder(state), asked(3))
    const records = await readAll(state)
    expect(whyBroken(records)).toBeNull()
    expect(records.slice(3 - lost).map(({ entry }) => entry.type)).toEqual(['repaired', 'rollback-asked'])
    expect(readFileSync(newestFile(state)).subarray(0, 100)).toEqual(before.subarray(0, 100))
  })

  test('whatever was cut off anywhere, what was whole is kept, in one chain', async () => {
    await using temporary = await temporaryState()
    const { state } = temporary
    await record(recorder(state), asked(1), asked(2), asked(3))
    const whole = readFileSync(newestFile(state))
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.uint8Array({ maxLength: 50 }), async (at, rubbish) => {
        writeFileSync(newestFile(state), Buffer.concat([whole.subarray(0, at), rubbish]))
        await record(recorder(state), asked(4))
        const records = await readAll(state)
        expect(whyBroken(records)).toBeNull()
        expect(records.at(-1)?.entry).toEqual(asked(4))
        const kept = whole.subarray(0, at).toString('utf8').split('\n').length - 1
        expect(records.slice(0, kept).map(({ sequence }) => sequence)).toEqual(
          Array.from({ length: kept }, (_, n) => n + 1),
        )
      }),
      { numRuns: 60 },
    )
  })
})

test('a flood of one kind is on record once, and leaves room for the rest', async () => {
  await using temporary = await temporaryState()
  const { state } = temporary
  const refused = { type: 'apply-refused', plan: null, code: 'not-approved', askedBy: 'somebody', run: null } as const
  for (let n = 0; n < 300; n++) await recordBounded(recorder(state, startMs + n * 1000), refused)
  await record(recorder(state), asked(1))
  const kinds = Map.groupBy(await readAll(state), ({ entry }) => entry.type)
  expect(kinds.get('apply-refused')).toHaveLength(120)
  expect(kinds.get('left-out')).toHaveLength(1)
  expect(kinds.get('rollback-asked')).toHaveLength(1)

  await recordBounded(recorder(state, startMs + 2 * 60 * 60_000), refused)
  expect((await readAll(state)).at(-1)?.entry).toEqual(refused)
})
