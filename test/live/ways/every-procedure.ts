/** What is asked of each procedure of the agent, in an order in which one leads to the next, and what holds of its answer. */
import { digestOf, Hello, HostDiagnosis, problemOf, sessionRoot, type PlanRecord } from '@fleetmend/shared'
import { expect } from 'vitest'
import type { HardwareKey } from '../../../packages/shared/test/hardware-key.ts'
import type { LiveHost } from '../../lab/live-host.ts'
import { authorityFor, follow, plannedReload, type AskedAgent, type NumberedNews } from './asked-agent.ts'

export interface Story {
  readonly agent: AskedAgent
  readonly host: Pick<LiveHost, 'name'>
  readonly service: string
  readonly approver: HardwareKey
}

/** What one procedure answered and another is asked about. */
export interface Told {
  record?: PlanRecord
  apply?: string
  records?: number
}

export type Asking = (story: Story, told: Told) => Promise<void>

export const everyProcedure: Readonly<Record<string, Asking>> = {
  hello: async ({ agent, host }) => {
    expect(Hello.parse(await agent.client.hello.query())).toMatchObject({
      host: host.name,
      audit: expect.anything() as unknown,
    })
  },
  diagnose: async ({ agent, host }) => {
    const seen = HostDiagnosis.parse(await agent.client.diagnose.query({}))
    expect(seen).toMatchObject({ host: host.name, couldNotTell: [] })
  },
  explain: async ({ agent }) => {
    expect(await agent.client.explain.query({ diagnosis: 'fpm-stopped' })).toContain('# ')
    expect(await agent.client.explain.query({ diagnosis: 'there-is-none' })).toBeNull()
  },
  'remediate.plan': async ({ agent, host, service }, told) => {
    told.record = await plannedReload(agent, service, 0)
    expect(told.record.plan).toMatchObject({ host: host.name, remediations: [{ id: 'reload-fpm' }] })
  },
  'remediate.begin': async ({ agent, approver }, told) => {
    const record = given(told.record)
    const authority = await authorityFor(agent, record, approver)
    const begin = agent.client.remediate.begin
    if (authority !== sessionRoot) {
      const refused: unknown = await begin
        .mutate({ plan: record.digest, authority: sessionRoot })
        .catch((error: unknown) => problemOf(error))
      expect(refused).toMatchObject({ code: 'not-approved' })
    }
    told.apply = (await begin.mutate({ plan: record.digest, authority })).apply
  },
  'remediate.watch': async ({ agent }, told) => {
    const seen: NumberedNews[] = []
    await follow(agent, given(told.apply), seen)
    expect(seen.length).toBeGreaterThan(1)
    expect(seen.at(-1)?.data).toMatchObject({ news: 'closed', report: { apply: told.apply, outcome: 'fixed' } })
  },
  'remediate.report': async ({ agent }, told) => {
    const report = await agent.client.remediate.report.query({ plan: given(told.record).digest })
    expect(report).toMatchObject({ apply: told.apply, phase: 'closed', outcome: 'fixed' })
    expect(await agent.client.remediate.report.query({ plan: digestOf('no plan') })).toBeNull()
  },
  history: async ({ agent }, told) => {
    expect(await agent.client.history.query({ limit: 1 })).toMatchObject([{ apply: told.apply }])
  },
  'audit.head': async ({ agent }, told) => {
    const head = await agent.client.audit.head.query()
    told.records = given(head?.head.sequence)
    expect(told.records).toBeGreaterThan(2)
  },
  'audit.records': async ({ agent }, told) => {
    const from = given(told.records)
    expect(await agent.client.audit.records.query({ from, limit: 5 })).toMatchObject([{ sequence: from }])
  },
  'audit.witness': async ({ agent }, told) => {
    const witnessed = { sequence: given(told.records), hash: digestOf(`head ${told.apply}`) }
    await agent.client.audit.witness.mutate(witnessed)
    const after = await agent.client.audit.records.query({ from: given(told.records) + 1, limit: 5 })
    expect(after.map(({ entry }) => entry)).toContainEqual({ type: 'controller-head', ...witnessed })
  },
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('What comes before did not answer.')
  return value
}
