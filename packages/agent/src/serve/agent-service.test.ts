import { readdir, readFile, writeFile } from 'node:fs/promises'
import { problem, problemOf, type ApplyNews, type Digest, type RemoteAuthority } from '@fleetmend/shared'
import type { TRPCClient } from '@trpc/client'
import { describe, expect, test } from 'vitest'
import { ana, approvalOf, approve, ben, served, stranger, told, write } from '../../test/served-host.ts'
import { reopened, scene } from '../execute/sample-apply.ts'
import { policyPath } from '../judgement/brakes.ts'
import type { AgentRouter } from '../router.ts'
import { journalFile, listApplies } from '../state/apply-record.ts'
import { sampleMadeAtMs, type SamplePlan } from '../state/sample-plan.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { approversPath } from './approvers-file.ts'

describe('an apply that nobody may begin', () => {
  const otherPlan: Digest = `sha256:${'0'.repeat(64)}`
  test.each([
    {
      what: 'signed by a stranger',
      approval: (plan: Digest) => approvalOf(plan, { by: stranger }),
      code: 'approver-unknown',
    },
    {
      what: 'changed after it was signed',
      approval: (plan: Digest) => {
        const good = approvalOf(plan)
        return { ...good, manifest: { ...good.manifest, reason: 'another one' } }
      },
      code: 'signature-invalid',
    },
    { what: 'for another plan', approval: () => approvalOf(otherPlan), code: 'approval-of-another-plan' },
    {
      what: 'out of time',
      approval: (plan: Digest) => approvalOf(plan, { change: { notAfter: new Date(sampleMadeAtMs).toISOString() } }),
      code: 'approval-expired',
    },
  ])('$what is refused by the host itself, and leaves no trace', async ({ approval, code }) => {
    await using at = await served()
    expect(await told(at.client, at.plan, approval(at.plan))).toMatchObject({ problem: { code } })
    expect(at.started).toEqual([])
    expect(await readdir(at.state.applies)).toEqual([])
  })

  test('is refused as well where the host has no list of approvers', async () => {
    await using at = await served()
    at.world.files.delete(approversPath)
    expect(await told(at.client, at.plan, approvalOf(at.plan))).toMatchObject({
      problem: { code: 'approvers-unusable' },
    })
    approve(at.world, `ana ${ana.publicKey}\n`)
    expect(await told(at.client, at.plan, approvalOf(at.plan))).toHaveProperty('apply')
  })

  test('cannot call itself root at the keyboard', async () => {
    await using at = await served()
    const authority = { kind: 'local-root', format: 'fleetmend.local-root/1', person: 'root' }
    expect(await told(at.client, at.plan, authority as unknown as RemoteAuthority)).toMatchObject({
      problem: { code: 'bad-input' },
    })
    expect(at.started).toEqual([])
  })

  test('learns nothing of an apply that there is', async () => {
    await using at = await served()
    await told(at.client, at.plan, approvalOf(at.plan))
    expect(await told(at.client, at.plan, approvalOf(at.plan, { by: stranger }))).toMatchObject({
      problem: { code: 'approver-unknown' },
    })
  })
})

test('an approved apply is begun, and its journal says by whose approval', async () => {
  await using at = await served()
  const { apply } = await at.client.remediate.begin.mutate({ plan: at.plan, authority: approvalOf(at.plan) })
  expect(at.started).toEqual([apply])
  expect(await at.client.remediate.report.query({ plan: at.plan })).toMatchObject({
    apply,
    phase: 'intent',
    outcome: null,
    authority: { kind: 'approval', by: ['ana'], run: 'r-20261121-031455-41bd' },
  })
})

describe('what starts, restarts or unmasks a service', () => {
  const restart: SamplePlan = { acts: [{ act: 'restart', service: 'php8.2-fpm' }] }
  const both = `ana ${ana.publicKey}\nben ${ben.publicKey}\n`

  test('takes two people where the host has no policy', async () => {
    await using at = await served(undefined, both, restart)
    const byOne = await told(at.client, at.plan, approvalOf(at.plan))
    expect(byOne).toMatchObject({
      problem: { code: 'approval-too-few', detail: expect.stringContaining('of 2 different people. Only ana signed.') },
    })
    expect(at.started).toEqual([])
    expect(await told(at.client, at.plan, approvalOf(at.plan, { and: [ben] }))).toEqual({ apply: at.started[0] })
  })

  test('takes as many as the policy of the host says', async () => {
    await using at = await served(undefined, both, restart)
    write(at.world, policyPath, 'approvals: { restarts: 1 }')
    expect(await told(at.client, at.plan, approvalOf(at.plan))).toEqual({ apply: at.started[0] })
  })

  test('and an edit takes the others', async () => {
    await using at = await served(undefined, both)
    write(at.world, policyPath, 'approvals: { ordinary: 2, restarts: 1 }')
    expect(await told(at.client, at.plan, approvalOf(at.plan))).toMatchObject({ problem: { code: 'approval-too-few' } })
    expect(await told(at.client, at.plan, approvalOf(at.plan, { and: [ben] }))).toEqual({ apply: at.started[0] })
  })
})

test('told again while it is at work, it is begun once and both are told its id', async () => {
  await using at = await served()
  const tell = () => told(at.client, at.plan, approvalOf(at.plan))
  const [first, second] = await Promise.all([tell(), tell()])
  expect(first).toEqual({ apply: at.started[0] })
  expect([second, await tell()]).toEqual([first, first])
  expect(at.started).toHaveLength(1)
})

test('one that could not be begun can be told again, and the one that was begun is reported', async () => {
  let possible = false
  await using at = await served(async () =>
    possible ? { ok: true } : { ok: false, problem: problem('apply-not-possible', 'No systemd.') },
  )
  const tell = () => told(at.client, at.plan, approvalOf(at.plan))
  expect(await tell()).toMatchObject({ problem: { code: 'apply-not-possible' } })
  expect(await at.client.remediate.report.query({ plan: at.plan })).toMatchObject({ outcome: 'refused' })
  possible = true
  const again = await tell()
  expect(again).toEqual({ apply: at.started[1] })
  expect(await at.client.remediate.report.query({ plan: at.plan })).toMatchObject({ ...again, outcome: null })
  expect(await at.client.history.query({ limit: 1 })).toHaveLength(1)
})

test('of a plan that was never applied there is no report', async () => {
  await using at = await served()
  expect(await at.client.remediate.report.query({ plan: at.plan })).toBeNull()
})

describe('whoever watches an apply', () => {
  interface Numbered {
    readonly id: string
    readonly data: ApplyNews
  }

  function watched(client: TRPCClient<AgentRouter>, apply: string, lastEventId?: string) {
    const news: Numbered[] = []
    return new Promise<readonly Numbered[]>((resolve, reject) => {
      client.remediate.watch.subscribe(
        { apply, lastEventId },
        { onData: (each) => void news.push(each), onComplete: () => resolve(news), onError: reject },
      )
    })
  }

  async function applied(state: StateFolder) {
    const at = await scene(state, 'edit and reload')
    return at.apply()
  }

  test('sees each line once with its phase, and then the report', async () => {
    await using at = await served()
    const report = await applied(at.state)
    const news = await watched(at.client, report.apply)
    expect(news.at(-1)?.data).toEqual({ news: 'closed', report })
    const entries = news.flatMap(({ data }) => (data.news === 'entry' ? [data] : []))
    expect(entries.map(({ entry }) => entry)).toEqual(report.timeline)
    expect([...new Set(entries.map(({ phase }) => phase))]).toEqual(['intent', 'changed', 'watching', 'closed'])
  })

  test('goes on after what was seen, losing and repeating nothing, wherever the line broke', async () => {
    await using at = await served()
    const { apply } = await applied(at.state)
    const all = await watched(at.client, apply)
    for (const [index, { id }] of all.entries()) {
      expect(await watched(at.client, apply, id)).toEqual(all.slice(index + 1))
    }
  })

  test('is told where there is nothing to watch', async () => {
    await using at = await served()
    const unknown = await watched(at.client, 'a-20261121-031502-0000').catch((error: unknown) => problemOf(error))
    expect(unknown).toMatchObject({ code: 'unknown-apply' })
  })

  test('is told where the journal cannot be read', async () => {
    await using at = await served()
    const { apply } = await applied(at.state)
    for (const bytes of ['', 'torn', `{"no":1}\n${await readFile(journalFile(at.state, apply), 'utf8')}`]) {
      await writeFile(journalFile(at.state, apply), bytes)
      const damaged = await watched(at.client, apply).catch((error: unknown) => problemOf(error))
      expect(damaged).toMatchObject({ code: 'stuck' })
    }
  })

  test('who leaves takes nothing with them', async () => {
    await using at = await served()
    const { record } = await scene(at.state, 'edit and reload')
    const stop = new AbortController()
    const following = at.agent.watch(record.id, 0, stop.signal)
    expect(await following.next()).toMatchObject({ done: false })
    stop.abort()
    expect(await following.next()).toEqual({ done: true, value: null })
    expect((await reopened(at.state, record.id)).journal.entries).toHaveLength(1)
    expect(await listApplies(at.state)).toHaveLength(1)
  })
})

test('it says who it is and what it can find and do, with the inputs in JSON Schema', async () => {
  await using at = await served()
  const os = { bytes: Buffer.from('NAME=x\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'), mode: 0o644 }
  at.world.files.set('/etc/os-release', { ...os, uid: 0, gid: 0, modifiedMs: 0 })
  const { host, os: name, catalogue } = await at.client.hello.query()
  expect({ host, name }).toEqual({ host: 'web-7', name: 'Debian GNU/Linux 12 (bookworm)' })
  expect(catalogue.diagnoses.map(({ id }) => id)).toContain('pool-exhausted')
  expect(catalogue.remediations.find(({ id }) => id === 'tune-pool')?.input).toMatchObject({
    type: 'object',
    required: ['pool'],
    properties: { maxChildren: { type: 'integer', minimum: 1 } },
  })
})

test.each([
  { want: [{ id: 'rm-rf', input: {} }], says: 'There is no remediation "rm-rf"' },
  { want: [{ id: 'tune-pool', input: { pool: '/etc/passwd' } }], says: 'tune-pool takes' },
])('a wish that this host does not understand is an answer of this host: $says', async ({ want, says }) => {
  await using at = await served()
  expect(await at.agent.plan({ want })).toMatchObject({ kind: 'refused', because: expect.stringContaining(says) })
})
