/**
 * What a failing host answers, taken down once from the agent itself: it looks at a host that was recorded in this state,
 * and plans and applies on a simulated one whose PHP-FPM was killed. Simulated hosts answer the same under their own names.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApplyNews, ApplyReport, Hello, HostDiagnosis, Plan } from '@fleetmend/shared'
import type { StartApply } from '../../packages/agent/src/execute/begin-apply.ts'
import { agentService } from '../../packages/agent/src/serve/agent-service.ts'
import { reachedIdentity, writeIdentity } from '../../packages/agent/src/state/identity.ts'
import { openStateFolder } from '../../packages/agent/src/state/state-folder.ts'
import { diagnoseRecord } from '../../test/live/faults/score-recorded.ts'
import { webHost } from '../../test/scenarios/web-host.ts'
import { carryOut } from '../../test/scenarios/world.ts'

export interface RecordedAnswers {
  readonly hello: Hello
  readonly diagnosis: HostDiagnosis
  readonly plan: Plan
  /** As it was told while it was at work; the last piece is the report. */
  readonly news: readonly ApplyNews[]
  readonly report: ApplyReport
}

/** A 502 by an nginx that may not reach the socket any more: its diagnosis is as long as any. */
const recordedHost = 'apparmor-socket-renamed'

const name = 'web-00000'

export async function recordAnswers(): Promise<RecordedAnswers> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-scale-'))
  try {
    const opened = await openStateFolder(folder)
    if (!opened.ok) throw new Error(opened.says)
    const state = opened.value
    await writeIdentity(state, reachedIdentity(name, 'f-00000000'))
    const web = webHost(name)
    const applied = Promise.withResolvers<void>()
    const start: StartApply = async (id) => {
      carryOut(web, state, id).then(applied.resolve, applied.reject)
      return { ok: true }
    }
    const agent = agentService({ host: web.host, state, start, root: 'root' })
    web.killFpm()
    const { audit: _, asRoot: __, ...hello } = await agent.hello()
    const planned = await agent.plan({ want: 'for-findings', watchMs: 0 })
    if (planned.kind !== 'planned') throw new Error(`It planned nothing: ${JSON.stringify(planned)}`)
    const { digest, plan } = planned.record
    const begun = await agent.apply(digest, { kind: 'session-root', format: 'fleetmend.session-root/1' })
    if (!begun.ok) throw new Error(begun.problem.detail)
    await applied.promise
    const news: ApplyNews[] = []
    for await (const { news: each } of agent.watch(begun.apply, 0, new AbortController().signal)) news.push(each)
    const report = await agent.report(digest)
    if (report?.outcome !== 'fixed') throw new Error(`It was not fixed: ${JSON.stringify(report)}`)
    return { hello, diagnosis: await diagnoseRecord(recordedHost), plan, news, report }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
