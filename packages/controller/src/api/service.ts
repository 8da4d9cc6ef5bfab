/** The rooms of the controller behind its API: every question answered from the store or the sessions, every deed an event. */
import {
  encodeJoinToken,
  problem,
  spokenHere,
  type Catalogue,
  type HostRecordView,
  type Problem,
  type Run,
  type Timers,
} from '@fleetmend/shared'
import { recorded, recordLie } from '../audit/record.ts'
import { addOverSsh } from '../fleet/add-over-ssh.ts'
import type { Sessions } from '../fleet/sessions.ts'
import type { SshAccess } from '../fleet/ssh-access.ts'
import type { SshLines } from '../fleet/ssh-lines.ts'
import type { CertificateAuthority } from '../identity/certificate-authority.ts'
import type { Clock } from '../runs/clock.ts'
import type { Driver } from '../runs/driver.ts'
import { storyEvent } from '../runs/event-view.ts'
import { listHostAudits } from '../store/host-audits.ts'
import { getHost, listHosts, listLabels, removeHost } from '../store/hosts.ts'
import { addJoinToken } from '../store/join-tokens.ts'
import { documentsOf } from '../store/run-documents.ts'
import { listEvents } from '../store/run-events.ts'
import { listFollowers, listRuns, listRunStates } from '../store/runs.ts'
import type { Database } from '../store/tables.ts'
import { controllerVersion } from '../version.ts'
import type { Answer, ControllerService, Offered, Target } from './controller-service.ts'
import { diagnoseHosts } from './diagnosing.ts'
import { explainWith } from './explaining.ts'
import { groupNamesOf, hostNamesOf, labelNamesOf, runNamesOf } from './names.ts'
import { signedDeeds } from './signed-deeds.ts'
import { retryOf, rollbackOf, startOf } from './starting-runs.ts'
import { hostsMeant } from './targets.ts'
import { runStories } from './run-stories.ts'
import { unknownRun, watchRun } from './watch-run.ts'

export interface ServiceParts {
  readonly database: Database
  readonly sessions: Sessions
  readonly driver: Driver
  readonly authority: CertificateAuthority
  readonly clock: Clock
  readonly timers: Timers
  readonly access: SshAccess
  readonly lines: SshLines
  readonly agentsUrl: string
  readonly approversPath: string
}

/** Older ones are seldom meant, and found with `runs list`. */
const namedRuns = 200

export function controllerService(parts: ServiceParts): ControllerService {
  const { database, sessions, driver, authority, clock, access, lines, agentsUrl } = parts
  const meant = async (target: Target) => hostsMeant(await listHosts(database), target)
  const ids = async (target: Target): Promise<Answer<readonly string[]>> => {
    const hosts = await meant(target)
    return hosts.ok ? { ok: true, value: hosts.value.map(({ id }) => id) } : hosts
  }

  /** Null: no run was begun by this request. */
  const startedWith = async (by: string, key: string | undefined): Promise<Answer<Run> | null> => {
    const run = key === undefined ? null : await driver.startedWith({ by, key })
    return run && { ok: true, value: run }
  }

  const stories = runStories(driver, database)

  return {
    hello: () => ({ version: controllerVersion, fleet: authority.fleet, spoken: spokenHere, agentsUrl }),

    async names({ of, begins, run }) {
      if (of === 'runs') return runNamesOf(await listRunStates(database, namedRuns), begins)
      if (of === 'groups') {
        const known = run === undefined ? null : await driver.load(run)
        return known ? groupNamesOf(known, begins) : []
      }
      const hosts = (await listLabels(database)).map((host) => ({ ...host, connected: sessions.get(host.id) !== null }))
      return of === 'hosts' ? hostNamesOf(hosts, begins) : labelNamesOf(hosts, begins)
    },

    async listHosts(target) {
      const isAll = target.hosts === undefined && target.selector === undefined
      const hosts = isAll ? { ok: true as const, value: await listHosts(database) } : await meant(target)
      if (!hosts.ok) return hosts
      const alarms = new Map((await listHostAudits(database)).map(({ host, alarm }) => [host, alarm]))
      const view = hosts.value.map((host): HostRecordView => ({
        ...host,
        connected: sessions.get(host.id) !== null,
        wrong: inShort(sessions.whyAway(host.id)),
        alarm: alarms.get(host.id) ?? null,
      }))
      return { ok: true, value: view }
    },

    async invite({ by, labels, host, lifeMs }) {
      const invited = await recorded(database, clock, async (transaction, record) => {
        const made = await addJoinToken(transaction, { madeBy: by, labels, host, nowMs: clock.nowMs(), lifeMs })
        await record({ type: 'host-invited', by, host, labels, expiresAt: made.expiresAt })
        return made
      })
      const token = encodeJoinToken({ url: agentsUrl, fingerprint: authority.fingerprint, secret: invited.secret })
      return { ok: true, value: { token, expiresAt: invited.expiresAt } }
    },

    addHost: (request) => addOverSsh({ ...parts, fleet: authority.fleet, keep: (host) => lines.keep(host) }, request),

    async sshAccess() {
      const key = await access.key()
      return key.ok ? { ok: true, value: { publicKey: key.value.publicKey, fleet: authority.fleet } } : key
    },

    async removeHost(host, by) {
      const found = await getHost(database, host)
      const known = hostsMeant(await listHosts(database), { hosts: [host] })
      if (!found) return known.ok ? { ok: true, value: null } : known
      await recorded(database, clock, async (transaction, record) => {
        await removeHost(transaction, host)
        await record({ type: 'host-removed', host, by })
      })
      sessions.cut(host, problem('host-removed', `${host} was taken out of this fleet.`), false)
      return { ok: true, value: null }
    },

    catalogue: async (hosts) => catalogueOf(sessions, hosts),

    explain: (diagnosis) => explainWith(sessions, diagnosis),

    async *diagnose(target, site, signal) {
      const hosts = await ids(target)
      if (!hosts.ok) return hosts.problem
      const asked = { site, notBelieved: (host: string, lie: Problem) => recordLie(database, clock, host, lie) }
      yield* diagnoseHosts(sessions, hosts.value, asked, signal)
      return null
    },

    async startRun(target, { key, ...request }) {
      // Before anything else: the fleet may have changed since the first request.
      const known = await startedWith(request.by, key)
      if (known) return known
      const hosts = await meant(target)
      if (!hosts.ok) return hosts
      const unknown = unknownRemediation(request.asked.want, catalogueOf(sessions))
      if (unknown) return { ok: false, problem: unknown }
      const start = startOf(request, hosts.value, clock.nowMs())
      return start.ok ? { ok: true, value: await driver.startRun(start.value, key) } : start
    },

    async retryRun(id, by, key) {
      const known = await startedWith(by, key)
      if (known) return known
      const run = await driver.load(id)
      if (!run) return { ok: false, problem: unknownRun(id) }
      const retry = retryOf(run, await listHosts(database), { by, nowMs: clock.nowMs() })
      return retry.ok ? { ok: true, value: await driver.startRun(retry.value, key) } : retry
    },

    async rollBackRun(id, { key, ...request }) {
      const known = await startedWith(request.by, key)
      if (known) return known
      const run = await driver.load(id)
      if (!run) return { ok: false, problem: unknownRun(id) }
      const rollback = rollbackOf(run, await listHosts(database), { ...request, nowMs: clock.nowMs() })
      if (!rollback.ok) return rollback
      const unknown = unknownRemediation(rollback.value.asked.want, catalogueOf(sessions))
      return unknown ? { ok: false, problem: unknown } : { ok: true, value: await driver.startRun(rollback.value, key) }
    },

    async showRun(id) {
      const run = await driver.load(id)
      if (!run) return { ok: false, problem: unknownRun(id) }
      const [{ plans, reports }, followers] = await Promise.all([
        documentsOf(database, run),
        listFollowers(database, id),
      ])
      const followedBy = followers.length === 0 ? {} : { followedBy: [...followers] }
      return { ok: true, value: { run, plans: [...plans], reports: [...reports], ...followedBy } }
    },

    async storyOf(id) {
      const events = await listEvents(database, id)
      return events.length === 0 ? { ok: false, problem: unknownRun(id) } : { ok: true, value: events.map(storyEvent) }
    },

    listRuns: (limit) => listRuns(database, limit),

    watchRun: (id, from, signal) => watchRun(stories, id, from, signal),

    ...signedDeeds({ ...parts, fleet: authority.fleet }),
    submit: async (id, deed) => opened(await driver.submit(id, deed)),
  }
}

function opened(
  submitted: Awaited<ReturnType<Driver['submit']>>,
): Answer<Extract<typeof submitted, { ok: true }>['run']> {
  return submitted.ok ? { ok: true, value: submitted.run } : submitted
}

function inShort(told: Problem | null): HostRecordView['wrong'] {
  return told && { code: told.code, says: told.detail }
}

/** A remediation as one of the connected hosts describes it. Hosts of one version share what they say of it. */
function catalogueOf(sessions: Sessions, only?: ReadonlySet<string>): readonly Offered[] {
  const hosts = new Map<Catalogue, number>()
  for (const { host, hello } of sessions.all())
    if (only?.has(host) !== false) hosts.set(hello.catalogue, (hosts.get(hello.catalogue) ?? 0) + 1)
  const offers = new Map<string, Offered>()
  for (const [{ remediations }, count] of hosts)
    for (const each of remediations)
      offers.set(each.id, { ...(offers.get(each.id) ?? each), hosts: (offers.get(each.id)?.hosts ?? 0) + count })
  return [...offers.values()]
}

/** Only what no host that is here offers; where nobody is here, each host answers for itself. */
function unknownRemediation(
  want: Parameters<ControllerService['startRun']>[1]['asked']['want'],
  offered: readonly Offered[],
): Problem | null {
  if (want === 'for-findings' || offered.length === 0) return null
  const unknown = want.find(({ id }) => !offered.some((each) => each.id === id))
  if (!unknown) return null
  const list = offered.map(({ id, title }) => `    ${id.padEnd(22)} ${title}`).join('\n')
  return problem(
    'unknown-remediation',
    `No connected host offers ${JSON.stringify(unknown.id.slice(0, 80))}. There are:\n\n${list}`,
  )
}
