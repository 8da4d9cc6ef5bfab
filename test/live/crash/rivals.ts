/** Others who want to change the same host in the same moment, and the agent that serves them when it is killed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  manifestBytes,
  planTree,
  type Approval,
  type ApplyDocument,
  type ApplyReport,
  type Manifest,
  type PlanRecord,
} from '@fleetmend/shared'
import { callAgent } from '../../lab/call-agent.ts'
import { must } from '../../lab/tool.ts'
import { restartAgent } from '../../lab/serving-agent.ts'
import { until } from '../../lab/until.ts'
import type { Host } from '../faults/host-kit.ts'
import type { CrashCase } from './crash-cases.ts'
import { undisturbed, wish } from './crash-host.ts'
import { goesOn, standsStill } from './cut-off.ts'
import { backAgain, openScene, plan, stateOf, type Scene } from './scene.ts'
import { hostWrongs, sideOf, untilWhole, type CrashRow } from './whole.ts'

const agentUnit = fileURLToPath(new URL('../../../packaging/systemd/fleetmend-agent.service', import.meta.url))

export const rivalries = {
  twice: 'the same plan is applied twice at once',
  two: 'two plans over the same file are applied at once',
  controllers: 'two controllers, each with an approval, begin the same plan at once',
  serving: 'the serving agent is killed in the middle of an apply that it was asked for',
} as const

/** Two cases that change the same file. */
export async function* rival(host: Host, one: CrashCase, other: CrashCase): AsyncGenerator<CrashRow> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-rivals-'))
  try {
    const approve = await approver(host, folder)
    const [scene, second] = [await openScene(host, one), await openScene(host, other)]
    yield await applyTwice(scene)
    yield await applyBoth(scene, second)
    await restartAgent(host)
    yield await beginTwice(scene, approve)
    yield await killServing(scene, approve)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function applyTwice(scene: Scene): Promise<CrashRow> {
  const { digest } = await ready(scene)
  const sinceMs = Date.now()
  const ran = await Promise.all([scene.host.agent('apply', digest), scene.host.agent('apply', digest)])
  const exits = ran.map(({ exitCode }) => exitCode).toSorted((a, b) => a - b)
  const odd = exits.join() === '0,3' ? [] : [`whoever asked got exit codes ${exits.join(' and ')}`]
  return judgeRivals(scene, rivalries.twice, sinceMs, [digest], odd)
}

async function applyBoth(scene: Scene, second: Scene): Promise<CrashRow> {
  const { host } = scene
  const [a, b] = [await ready(scene), await plan(host, second.crashCase)]
  const sinceMs = Date.now()
  await Promise.all([host.agent('apply', a.digest), host.agent('apply', b.digest)])
  const winner = (await reportsOf(host, [a.digest, b.digest])).find(({ outcome }) => outcome === 'fixed')
  const after = winner?.plan === b.digest ? second.after : scene.after
  return judgeRivals({ ...scene, after }, rivalries.two, sinceMs, [a.digest, b.digest], [])
}

async function beginTwice(scene: Scene, approve: Approve): Promise<CrashRow> {
  const { host } = scene
  const planned = await ready(scene)
  const askers = [
    { ...callAgent(host), authority: await approve(planned, 'r-20260101-000000-0001') },
    { ...callAgent(host), authority: await approve(planned, 'r-20260101-000000-0002') },
  ]
  const sinceMs = Date.now()
  const begun = await Promise.allSettled(
    askers.map(({ client, authority }) => client.remediate.begin.mutate({ plan: planned.digest, authority })),
  )
  const odd = begun.some(({ status }) => status === 'fulfilled') ? [] : begun.map((each) => JSON.stringify(each))
  for (const asker of askers) asker.close()
  return judgeRivals(scene, rivalries.controllers, sinceMs, [planned.digest], odd)
}

async function killServing(scene: Scene, approve: Approve): Promise<CrashRow> {
  const { host } = scene
  const planned = await ready(scene)
  await wish(host, { deed: 'journal: acting', nth: 1 }, 'SIGSTOP')
  const asked = callAgent(host)
  await asked.client.remediate.begin.mutate({
    plan: planned.digest,
    authority: await approve(planned, 'r-20260101-000000-0003'),
  })
  await standsStill(host, new Promise(() => undefined))
  const sinceMs = Date.now()
  await host.must(['systemctl', 'kill', '--signal=KILL', 'fleetmend-agent'])
  await goesOn(host)
  asked.close()
  const row = await judgeRivals(scene, rivalries.serving, sinceMs, [planned.digest], [])
  await until(
    async () => (await host.run(['test', '-S', '/run/fleetmend/agent.sock'])).exitCode === 0,
    'the agent to be back',
  )
  const again = callAgent(host)
  const told = await again.client.remediate.report.query({ plan: planned.digest }).catch((error: unknown) => error)
  again.close()
  const tells = JSON.stringify(told)?.includes('"fixed"')
  return tells ? row : { ...row, complaints: [...row.complaints, `asked again, it says ${JSON.stringify(told)}`] }
}

async function ready(scene: Scene): Promise<PlanRecord> {
  await backAgain(scene)
  scene.isSpent = true
  const planned = await plan(scene.host, scene.crashCase)
  await wish(scene.host, undisturbed)
  return planned
}

async function reportsOf(host: Host, plans: readonly string[]): Promise<readonly ApplyReport[]> {
  const { applies } = JSON.parse((await host.agent('history', '--json')).stdout) as ApplyDocument
  return applies.filter((report) => plans.includes(report.plan))
}

/** One of them is carried out, the others are refused and told why. */
async function judgeRivals(
  scene: Scene,
  where: string,
  sinceMs: number,
  plans: readonly string[],
  odd: readonly string[],
): Promise<CrashRow> {
  const { host, crashCase } = scene
  const closed = async () => (await reportsOf(host, plans)).every(({ phase }) => phase === 'closed')
  await until(closed, 'all applies to be closed', 60_000).catch(() => undefined)
  const wholeMs = Math.round((await untilWhole(scene)) - sinceMs)
  const reports = await reportsOf(host, plans)
  const fixed = reports.filter(({ outcome }) => outcome === 'fixed')
  const others = reports.filter((report) => !fixed.includes(report))
  const side = sideOf(scene, await stateOf(host))
  const complaints = [
    ...odd,
    ...(fixed.length === 1 ? [] : [`${fixed.length} applies were carried out`]),
    ...others
      .filter(({ outcome, problem }) => outcome !== 'refused' || problem === null)
      .map((each) => JSON.stringify(each)),
    ...(side === 'after' ? [] : [`the files are ${side}`]),
    ...(await hostWrongs(scene, fixed[0] ?? null)),
  ]
  const outcome = fixed.length === 1 ? 'fixed' : reports.map((each) => each.outcome ?? 'open').join('+')
  return { how: 'mishap', remediation: crashCase.remediation, where, outcome, side, wholeMs, complaints }
}

type Approve = (planned: PlanRecord, run: string) => Promise<Approval>

/** Somebody whose signature counts on this host, and the agent that is asked with it. */
async function approver(host: Host, folder: string): Promise<Approve> {
  const key = join(folder, 'key')
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'olivia', '-f', key])
  await host.writeFile('/etc/fleetmend/approvers', `olivia ${readFileSync(`${key}.pub`, 'utf8')}`)
  await host.writeFile('/usr/lib/systemd/system/fleetmend-agent.service', readFileSync(agentUnit))
  await host.must(['systemctl', 'daemon-reload'])
  return async ({ digest, plan: { host: id } }, run) => {
    const tree = planTree([{ host: id, digest }])
    const proof = tree.proofOf(id)
    if (proof === null) throw new Error('A tree does not know its only leaf.')
    const manifest: Manifest = {
      format: 'fleetmend.manifest/1',
      run,
      requester: 'rita',
      reason: 'the shop is slow',
      waves: { canaryHosts: 1, batchHosts: 1 },
      notBefore: new Date(Date.now() - 60_000).toISOString(),
      notAfter: new Date(Date.now() + 600_000).toISOString(),
      hosts: 1,
      root: tree.root,
    }
    const sign = ['ssh-keygen', '-Y', 'sign', '-q', '-n', 'fleetmend-approval@v1', '-f', key]
    const signature = await must(sign, { input: manifestBytes(manifest) })
    return {
      kind: 'approval',
      format: 'fleetmend.approval/1',
      scheme: 'sshsig',
      manifest,
      signatures: [signature],
      proof,
    }
  }
}
