/** Who wants something not to have happened: with root on a host, with the controller's database, or with both kinds of keys. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signWith } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  AGENT_PATH,
  canonicalBytes,
  digestOf,
  exportVerifier,
  headBytes,
  nextRecord,
  readApprovers,
  spokenHere,
  type AuditRecord,
  type Broken,
  type ChainEnd,
  type ProblemCode,
} from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import { expect, test } from 'vitest'
import { openLine } from '../../packages/agent/src/serve/controller-line.ts'
import { planRun, sign } from '../scenarios/begin-run.ts'
import { type RepairedFleet, repairedFleet } from '../scenarios/repaired-fleet.ts'
import { fleetmend } from '../scenarios/terminal.ts'
import { type Member, openWorld, type World } from '../scenarios/world.ts'
import { attack } from './attack-table.ts'
import { enrolledAs } from './newcomer.ts'
import { comesTrue } from '../lab/until.ts'

/** What `fleetmend hosts list` tells of a host's record; waits for it. */
async function alarmOf(world: World, id: string): Promise<ProblemCode | null> {
  const api = world.api()
  let code: ProblemCode | null = null
  await comesTrue(async () => {
    const [host] = await api.hosts.list.query({ hosts: [id] })
    code = (host?.alarm?.code ?? null) as ProblemCode | null
    return code !== null
  })
  return code
}

/** Of what is exported now; the code of the first thing that is broken. */
async function verified({ world }: RepairedFleet, live = false): Promise<Broken['code'] | null> {
  const verifier = exportVerifier({ approvers: readApprovers(readFileSync(join(world.folder, 'approvers'), 'utf8')) })
  for await (const piece of world.api().audit.export.subscribe({ live })) verifier.add(Buffer.from(piece))
  return verifier.end().broken[0]?.code ?? null
}

function chainFile({ state }: Member): string {
  const name = readdirSync(state.audit).find((each) => each.endsWith('.jsonl'))
  return join(state.audit, name ?? '')
}

function recordsOf(member: Member): AuditRecord[] {
  const lines = readFileSync(chainFile(member), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as AuditRecord)
}

/** As whoever wrote them: each with the hash of the one before. */
function chained(records: readonly AuditRecord[]): readonly AuditRecord[] {
  const done: AuditRecord[] = []
  for (const [index, record] of records.entries()) {
    const before = done.at(-1)
    done.push({ ...record, sequence: index + 1, previous: before ? digestOf(before) : null })
  }
  return done
}

function writeRecords(member: Member, records: readonly AuditRecord[]): void {
  writeFileSync(chainFile(member), records.map((each) => `${canonicalBytes(each).toString('utf8')}\n`).join(''))
}

/** While the controller is down, as it is when a host is started from another disk. */
async function meanwhile({ world }: Pick<RepairedFleet, 'world'>, work: () => void): Promise<void> {
  await world.stopController()
  work()
  await world.startController()
}

const root = 'root on a host'

attack({ attacker: root, attempt: 'cuts off the end of its record', refusedWith: 'audit-truncated' }, async () => {
  await using at = await repairedFleet()
  const [host] = at.hosts
  await meanwhile(at, () => writeRecords(host, recordsOf(host).slice(0, -3)))
  return await alarmOf(at.world, 'web-1')
})

attack({ attacker: root, attempt: 'deletes its record', refusedWith: 'audit-truncated' }, async () => {
  await using at = await repairedFleet()
  const [host] = at.hosts
  await meanwhile(at, () => rmSync(host.state.audit, { recursive: true }))
  return await alarmOf(at.world, 'web-1')
})

attack(
  { attacker: root, attempt: 'puts another record of the same length in its place', refusedWith: 'audit-forked' },
  async () => {
    await using at = await repairedFleet()
    const [host] = at.hosts
    const [began, ...others] = recordsOf(host)
    if (!began) throw new Error('It has no record.')
    const { entry } = began
    await meanwhile(at, () => writeRecords(host, chained([began, ...others.map((each) => ({ ...each, entry }))])))
    return await alarmOf(at.world, 'web-1')
  },
)

attack(
  {
    attacker: root,
    attempt: 'takes an apply out of its record and computes the rest anew',
    refusedWith: 'audit-forked',
  },
  async () => {
    await using at = await repairedFleet()
    const [host] = at.hosts
    const without = recordsOf(host).filter(({ entry }) => entry.type !== 'apply-admitted')
    await meanwhile(at, () => writeRecords(host, chained([...without, without.at(-1)!, without.at(-1)!])))
    return await alarmOf(at.world, 'web-1')
  },
)

attack(
  {
    attacker: root,
    attempt: 'shows another record to an auditor than it showed the controller',
    refusedWith: 'audit-forked',
  },
  async () => {
    await using at = await repairedFleet()
    const [host] = at.hosts
    const records = recordsOf(host)
    const changed = records.map((each) =>
      each.entry.type === 'apply-admitted'
        ? { ...each, entry: { ...each.entry, authority: { kind: 'local-root', by: ['nobody'] } } }
        : each,
    )
    writeRecords(host, chained(changed))
    return await verified(at, true)
  },
)

const t = initTRPC.create()

interface Lie {
  /** Made for the host's own key; null: another one. */
  readonly key?: 'another'
  /** What it answers when it is asked for records from a number on. */
  readonly records?: (from: number) => unknown
}

/** What the controller makes of a host that says that it has a thousand million records. */
async function alarmAboutLiar({ key: which, records = () => [] }: Lie): Promise<ProblemCode | null> {
  await using world = await openWorld()
  const { authority, key, certificate, fleet } = await enrolledAs(world, 'web-3')
  const signing =
    which === 'another' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : createPrivateKey(key)
  const head = {
    format: 'fleetmend.audit-head/1' as const,
    host: 'web-3',
    fleet,
    sequence: 1_000_000_000,
    hash: digestOf('a record of its own'),
    at: new Date().toISOString(),
  }
  const audit = {
    head,
    publicKey: createPublicKey(signing).export({ format: 'der', type: 'spki' }).toString('base64'),
    signature: signWith('sha256', headBytes(head), signing).toString('base64'),
  }
  const catalogue = { diagnoses: [], remediations: [] }
  const hello = { host: 'web-3', agentVersion: '0.1.0', os: null, spoken: spokenHere, catalogue, audit }
  const from = (raw: unknown): { readonly from: number } => raw as { readonly from: number }
  const router = t.router({
    hello: t.procedure.query(() => hello),
    audit: t.router({ records: t.procedure.input(from).query(({ input }) => records(input.from)) }),
  })
  const line = await openLine(
    { url: `${world.agentsUrl()}${AGENT_PATH}`, authority, client: { key, certificate } },
    { router },
  )
  const code = await alarmOf(world, 'web-3')
  if (line.kind === 'open') line.peer.close()
  return code
}

attack({ attacker: root, attempt: 'signs its record with another key', refusedWith: 'audit-key-changed' }, () =>
  alarmAboutLiar({ key: 'another' }),
)

attack({ attacker: root, attempt: 'signs a record that it does not have', refusedWith: 'audit-forked' }, () =>
  alarmAboutLiar({}),
)

attack({ attacker: root, attempt: 'shows something that is no record', refusedWith: 'audit-broken' }, () =>
  alarmAboutLiar({ records: () => [{ format: 'fleetmend.audit/1', sequence: 1, entry: '\ud800' }] }),
)

attack({ attacker: root, attempt: 'shows a record without an end', refusedWith: 'audit-broken' }, () => {
  // Each follows the one before, as far as anybody asks.
  let end: ChainEnd | null = null
  return alarmAboutLiar({
    records: () =>
      Array.from({ length: 100 }, () => {
        const entry = { type: 'rollback-asked', askedBy: 'x'.repeat(4000) }
        const { record, hash } = nextRecord(end, new Date().toISOString(), entry)
        end = { sequence: record.sequence, hash }
        return record
      }),
  })
})

const thief = 'whoever has the controller'

/** With its database open, and nothing that keeps rows from being changed. */
function edit({ world }: RepairedFleet, work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(world.folder, 'data', 'controller.sqlite'))
  for (const table of ['audit_records', 'run_events'])
    for (const deed of ['update', 'delete']) database.exec(`drop trigger ${table}_no_${deed}`)
  work(database)
  database.close()
}

/** The controller's chain without some records, or with others, and the rest computed anew. */
function rewrite(database: DatabaseSync, change: (records: readonly AuditRecord[]) => readonly AuditRecord[]): void {
  const rows = database.prepare('select record from audit_records order by sequence').all()
  const records = chained(change(rows.map(({ record }) => JSON.parse(String(record)) as AuditRecord)))
  database.exec('delete from audit_records')
  const insert = database.prepare(
    'insert into audit_records (sequence, at, type, run, record, hash) values (?, ?, ?, ?, ?, ?)',
  )
  for (const record of records) {
    const run = typeof record.entry['run'] === 'string' ? record.entry['run'] : null
    const text = canonicalBytes(record).toString('utf8')
    insert.run(record.sequence, record.at, record.entry.type, run, text, digestOf(record))
  }
}

attack({ attacker: thief, attempt: 'deletes the newest of its records', refusedWith: 'audit-truncated' }, async () => {
  await using at = await repairedFleet()
  await meanwhile(at, () =>
    edit(at, (database) =>
      database.exec('delete from audit_records where sequence > (select max(sequence) / 2 from audit_records)'),
    ),
  )
  return await verified(at)
})

attack({ attacker: thief, attempt: 'deletes the oldest of its records', refusedWith: 'audit-truncated' }, async () => {
  await using at = await repairedFleet()
  await meanwhile(at, () => edit(at, (database) => database.exec('delete from audit_records where sequence < 4')))
  return await verified(at)
})

attack(
  {
    attacker: thief,
    attempt: 'takes an invitation out of its record and computes the rest anew',
    refusedWith: 'audit-forked',
  },
  async () => {
    await using at = await repairedFleet()
    await meanwhile(at, () =>
      edit(at, (database) => rewrite(database, (all) => all.filter(({ entry }) => entry.type !== 'host-invited'))),
    )
    return await verified(at)
  },
)

attack(
  {
    attacker: thief,
    attempt: 'takes a whole run out of its record and computes the rest anew',
    refusedWith: 'audit-truncated',
  },
  async () => {
    await using at = await repairedFleet()
    await meanwhile(at, () =>
      edit(at, (database) => {
        rewrite(database, (all) => all.filter(({ entry }) => entry['run'] !== at.run))
        for (const table of ['run_events', 'applies', 'run_hosts', 'run_groups', 'run_notes', 'run_held_back', 'runs'])
          database.exec(`delete from ${table}`)
      }),
    )
    return await verified(at)
  },
)

attack({ attacker: thief, attempt: 'changes what a host had reported', refusedWith: 'audit-broken' }, async () => {
  await using at = await repairedFleet()
  await meanwhile(at, () =>
    edit(at, (database) =>
      database.exec(`update run_events set entry = replace(entry, '"outcome":"fixed"', '"outcome":"stuck"')`),
    ),
  )
  return await verified(at)
})

attack(
  { attacker: thief, attempt: 'shows one host another record of its own than the others', refusedWith: 'audit-forked' },
  async () => {
    await using at = await repairedFleet()
    const [host] = at.hosts
    // What its agent puts on record when the controller tells it where it stands.
    const { recordControllerHead } = await import('../../packages/agent/src/audit/on-record.ts')
    await recordControllerHead({ state: host.state, host: host.host }, { sequence: 2, hash: digestOf('another story') })
    return await verified(at, true)
  },
)

attack(
  {
    attacker: thief,
    attempt: 'puts an approval by somebody else into the history of a run',
    refusedWith: 'audit-not-approved',
  },
  async () => {
    await using world = await openWorld({ alsoApprovesOnController: 'mallory' })
    const host = await world.add('web-1')
    host.killFpm()
    const api = world.api()
    const run = await planRun(api)
    const digest = digestOf(run.manifest)
    await api.runs.approve.mutate({ run: run.id, digest, signature: sign(run, world.keys.mallory) })
    const list = join(world.folder, 'hosts-own-list')
    writeFileSync(list, `olivia ${readFileSync(`${world.keys.olivia}.pub`, 'utf8')}`)
    const verifier = exportVerifier({ approvers: readApprovers(readFileSync(list, 'utf8')) })
    for await (const piece of api.audit.export.subscribe({})) verifier.add(Buffer.from(piece))
    return verifier.end().broken[0]?.code ?? null
  },
)

test('an alarm stays until a person has looked, and that they have is on record', async () => {
  await using at = await repairedFleet()
  const [host] = at.hosts
  await meanwhile(at, () => writeRecords(host, recordsOf(host).slice(0, -3)))
  expect(await alarmOf(at.world, 'web-1')).toBe('audit-truncated')
  const listed = await fleetmend(at.world, ['hosts', 'list'])
  expect(listed.out).toContain('ALARM audit-truncated on web-1')
  expect(listed.out).toContain('fleetmend audit accept web-1 --reason TEXT')
  expect(await verified(at)).toBe('audit-truncated')

  const accepted = await fleetmend(at.world, ['audit', 'accept', 'web-1', '--reason', 'its disk came back from a copy'])
  expect([accepted.exitCode, accepted.err]).toEqual([0, ''])
  expect((await fleetmend(at.world, ['hosts', 'list'])).out).not.toContain('ALARM')
  expect(await verified(at, true)).toBeNull()
  const { out } = await fleetmend(at.world, ['audit', 'list', '--host', 'web-1'])
  expect(out).toMatch(/ALARM audit-truncated[^]*in spite of audit-truncated: its disk came back from a copy/)
})

test('a host that is deliberately enrolled anew may begin another record, and that it was is on record', async () => {
  await using at = await repairedFleet()
  const [host] = at.hosts
  await host.disconnect()
  rmSync(host.state.audit, { recursive: true })
  await enrolledAs(at.world, 'web-1', true)
  expect(await verified(at)).toBeNull()
  const { out } = await fleetmend(at.world, ['audit', 'list', '--host', 'web-1'])
  expect(out).toContain('Enrolled anew: its key is another one than sha256:')
})
