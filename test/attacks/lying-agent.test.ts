/** A host of the fleet whose agent speaks the protocol perfectly and does not tell the truth: of what is wrong with it, of its plans, and of what it did. */
import {
  digestOf,
  problemKinds,
  type ApplyReport,
  type DiagnosisDocument,
  type Digest,
  type HostDiagnosis,
  type Plan,
  type PlanRecord,
  type Run,
} from '@fleetmend/shared'
import { afterAll, expect } from 'vitest'
import { approve, endOf, planRun, untilRun } from '../scenarios/begin-run.ts'
import { fleetmend } from '../scenarios/terminal.ts'
import { openWorld, type Amiss } from '../scenarios/world.ts'
import { attack, type AttackRow } from './attack-table.ts'

const attacker = 'a malicious agent'
const service = 'php8.2-fpm'
const world = await openWorld()
afterAll(() => world[Symbol.asyncDispose]())
const api = world.api()
let liars = 0

type Asking = Parameters<typeof planRun>[1]

/** An honest host that is as broken as the liar, and both of them in one run. */
async function runWithLiar(amiss: Amiss, more: Asking = {}): Promise<{ readonly liar: string; readonly run: Run }> {
  const number = ++liars
  const [honest, liar] = [`honest-${number}`, `liar-${number}`]
  for (const host of [await world.add(honest), await world.add(liar, {}, amiss)]) host.killFpm()
  const run = await planRun(api, {
    target: { hosts: [honest, liar] },
    waves: { canaryHosts: 0, batchHosts: 2 },
    ...more,
  })
  expect(run.hosts[0]).toMatchObject({ id: honest, state: 'planned' })
  return { liar, run }
}

/** It is in the history of the run, which is part of the controller's record, and on the screen of whoever looks. */
async function expectTold(run: string, liar: string, code: AttackRow['refusedWith']): Promise<void> {
  const told = (await api.audit.list.query({ run, limit: 100 })).filter(({ type }) => type === 'host-not-believed')
  expect(told.length).toBeGreaterThan(0)
  for (const each of told)
    expect(each).toMatchObject({ host: liar, says: expect.stringContaining(`${problemKinds[code].title} (${code})`) })
  const shown = await fleetmend(world, ['runs', 'show', run])
  expect(shown.out).toContain(code)
  expect(world.log.filter((line) => line.includes('bug'))).toEqual([])
}

/** Its plan is not taken; the others' are, and wait for their approval. */
function liesOfItsPlan(
  attempt: string,
  refusedWith: AttackRow['refusedWith'],
  amiss: Amiss,
  asking: Asking = {},
): void {
  attack({ attacker, attempt, refusedWith }, async () => {
    const { liar, run } = await runWithLiar(amiss, asking)
    expect(run).toMatchObject({ state: 'awaiting-approval', manifest: { hosts: 1 } })
    const host = run.hosts.find(({ id }) => id === liar)
    expect(host).toMatchObject({ state: 'plan-refused', plan: null })
    await expectTold(run.id, liar, refusedWith)
    return host?.code ?? null
  })
}

/** The agent makes an honest plan, and answers with another. */
function answering(change: (record: PlanRecord) => PlanRecord): Amiss {
  return (honest) => ({
    plan: async (request) => {
      const answer = await honest.plan(request)
      return answer.kind === 'planned' ? { ...answer, record: change(answer.record) } : answer
    },
  })
}

function planning(change: (plan: Plan) => Plan): Amiss {
  return answering((record) => {
    const plan = change(record.plan)
    return { ...record, plan, digest: digestOf(plan) }
  })
}

function withInput(input: Readonly<Record<string, string | boolean>>): Amiss {
  return planning((plan) => ({
    ...plan,
    remediations: plan.remediations.map((each) => ({ ...each, input: { ...each.input, ...input } })),
  }))
}

const lied = 'answer-not-believed'

liesOfItsPlan(
  'shows one plan and the digest of another',
  lied,
  answering(({ plan, ...record }) => ({ ...record, plan: { ...plan, acts: [] } })),
)
liesOfItsPlan(
  'shows the plan of another host',
  lied,
  planning((plan) => ({ ...plan, host: 'honest-1' })),
)
liesOfItsPlan('plans with another input than it was asked to', lied, withInput({ service: 'php8.3-fpm' }), {
  asked: { want: [{ id: 'start-service', input: { service } }] },
})
liesOfItsPlan('plans to start what a person stopped, unasked', lied, withInput({ startStopped: true }))
liesOfItsPlan(
  'plans not to be watched as long as was asked for',
  lied,
  planning((plan) => ({ ...plan, watchMs: 0 })),
  {
    asked: { want: 'for-findings', watchMs: 60_000 },
  },
)
liesOfItsPlan(
  'calls its plan too old, so that the run of all is over',
  'plan-expired',
  planning((plan) => ({ ...plan, expiresAt: plan.madeAt })),
)
liesOfItsPlan(
  'asks for more approvals than there are people',
  'malformed-frame',
  answering((record) => ({ ...record, approvalsNeeded: 1_000_000 })),
)

/** It is told to apply, reports at once, and reports the same when its journal is asked; the others are repaired. */
function liesOfItsApply(attempt: string, change: (report: ApplyReport) => ApplyReport): void {
  attack({ attacker, attempt, refusedWith: lied }, async () => {
    const { liar, run } = await runWithLiar((_, { id }) => {
      const report = (plan: Digest): ApplyReport => change(fixedBy(id, plan))
      let told: Digest | null = null
      return {
        apply: async (plan) => {
          told = plan
          return { ok: true, apply }
        },
        async *watch() {
          yield { number: 1, news: { news: 'closed', report: report(told!) } }
          return null
        },
        report: async (plan) => report(plan),
      }
    })
    await approve(api, run, world.keys.olivia)
    await api.runs.begin.mutate({ run: run.id, by: 'ana' })
    const ended = await endOf(api, run.id)
    const [honest, host] = ended.hosts
    expect([honest?.state, host?.state, ended.state]).toEqual(['fixed', 'unknown', 'halted'])
    await expectTold(run.id, liar, lied)
    const { reports } = await api.runs.show.query({ run: run.id })
    expect(reports.map((each) => each.host)).toEqual([honest?.id])
    return host?.code ?? null
  })
}

/** Its diagnosis is not passed on, and that it lied is on record though no run is about it; what others say is passed on. */
function liesOfWhatIsWrong(attempt: string, change: (honest: HostDiagnosis) => unknown): void {
  attack({ attacker, attempt, refusedWith: lied }, async () => {
    const number = ++liars
    const [honest, liar] = [`honest-${number}`, `liar-${number}`]
    await world.add(honest)
    await world.add(liar, {}, (truly) => ({
      diagnose: async (options) => change(await truly.diagnose(options)) as HostDiagnosis,
    }))
    const shown = await fleetmend(world, ['diagnose', honest, liar, '--json'])
    const [ofHonest, ofLiar] = (JSON.parse(shown.out) as DiagnosisDocument).hosts
    expect(ofHonest).toMatchObject({ host: honest, outcome: 'diagnosed' })
    expect(ofLiar).toMatchObject({ host: liar, outcome: 'refused', findings: [], probes: [] })
    expect(shown.exitCode).toBe(problemKinds[lied].exit)
    expect((await fleetmend(world, ['diagnose', liar])).out).toContain(`${liar}  refused (${lied})`)
    const told = await api.audit.list.query({ host: liar, limit: 100 })
    const onRecord = { host: liar, run: null, says: `${problemKinds[lied].title} (${lied}): ${ofLiar?.says}` }
    expect(told.filter(({ type }) => type === 'host-not-believed')).toMatchObject([onRecord, onRecord])
    expect(world.log.filter((line) => line.includes('bug'))).toEqual([])
    return ofLiar?.code ?? null
  })
}

liesOfWhatIsWrong('shows the diagnosis of another host', (honest) => ({ ...honest, host: 'honest-1' }))
liesOfWhatIsWrong('says what is no diagnosis when it is asked for one', () => ({ host: 'honest-1', says: 'healthy' }))
liesOfWhatIsWrong('says that it could not be asked what is wrong', (honest) => ({ ...honest, outcome: 'timed-out' }))
liesOfWhatIsWrong('does not say how it is, to pass for healthy', (honest) => ({ ...honest, status: undefined }))

attack(
  { attacker, attempt: 'shows the diagnosis of another host after it was changed', refusedWith: lied },
  async () => {
    let isLying = false
    const number = liars + 1
    const last = `next-${number}`
    const next = await world.add(last)
    next.killFpm()
    const { liar, run } = await runWithLiar(
      (honest) => ({
        diagnose: async (options) => ({
          ...(await honest.diagnose(options)),
          ...(isLying ? { host: 'honest-1' } : {}),
        }),
      }),
      {
        target: { hosts: [`honest-${number}`, `liar-${number}`, last] },
        waves: { canaryHosts: 0, batchHosts: 2, between: { wellForMs: 1000 } },
      },
    )
    isLying = true
    await approve(api, run, world.keys.olivia)
    await api.runs.begin.mutate({ run: run.id, by: 'ana' })
    const held = await untilRun(api, run.id, ({ state }) => state === 'holding')
    expect(held.hosts.map(({ state }) => state)).toEqual(['fixed', 'fixed', 'waiting'])
    const told = await api.audit.list.query({ run: run.id, limit: 100 })
    const [looked] = told.filter(({ type }) => type === 'wave-watched')
    expect(looked?.says).toMatch(new RegExp(`^${liar}: ${problemKinds[lied].title} \\(${lied}\\): `))
    return looked?.says.includes(lied) ? lied : null
  },
)

const apply = 'a-20261121-031502-9f3c'

function fixedBy(host: string, plan: Digest): ApplyReport {
  const at = new Date().toISOString()
  return {
    apply,
    host,
    plan,
    remediations: ['start-service'],
    authority: { kind: 'approval', by: ['olivia'] },
    phase: 'closed',
    outcome: 'fixed',
    startedAt: at,
    endedAt: at,
    timeline: [],
    verdict: null,
    problem: null,
  }
}

liesOfItsApply('reports what another host did', (report) => ({ ...report, host: 'honest-1' }))
liesOfItsApply('reports what became of another plan', (report) => ({ ...report, plan: digestOf('another plan') }))
liesOfItsApply('reports an apply that nobody approved', (report) => ({
  ...report,
  authority: { kind: 'break-glass', by: ['olivia'], run: 'r-20261121-031455-41bd', reason: 'alone' },
}))
liesOfItsApply('reports an apply that was approved for another run', (report) => ({
  ...report,
  authority: { ...report.authority, run: 'r-20261121-031455-41bd' },
}))
