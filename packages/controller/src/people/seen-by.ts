/**
 * The controller as somebody sees it: what they do is recorded in their name, and hosts outside their scope do not exist,
 * nor do runs with such a host. Every question is named here, so that a new one cannot be forgotten.
 */
import type { HostRecordView, Run, RunId } from '@fleetmend/shared'
import type { Answer, ControllerService, Target } from '../api/controller-service.ts'
import { hostNamesOf, labelNamesOf, runNamesOf } from '../api/names.ts'
import { hostsMeant } from '../api/targets.ts'
import { unknownRun } from '../api/watch-run.ts'
import { readSelector, selects } from '../fleet/selector.ts'
import type { Caller } from './caller.ts'

export function seenBy(service: ControllerService, { name, powers }: Caller): ControllerService {
  if (name === null) return service
  const visible = visibleHosts(service, powers.selector)

  const meant = async (target: Target): Promise<Answer<Target>> => {
    if (powers.selector === null) return { ok: true, value: target }
    const hosts = hostsMeant(await visible(), target)
    return hosts.ok ? { ok: true, value: { hosts: hosts.value.map(({ id }) => id) } } : hosts
  }
  const names = async (): Promise<ReadonlySet<string>> => new Set((await visible()).map(({ id }) => id))
  const whole = async (run: Run): Promise<boolean> => {
    if (powers.selector === null) return true
    const known = await names()
    return run.hosts.every(({ id }) => known.has(id))
  }
  /** The same words as for a run that there is not. */
  const whyNot = async (id: RunId): Promise<Extract<Answer<never>, { ok: false }> | null> => {
    if (powers.selector === null) return null
    const shown = await service.showRun(id)
    if (!shown.ok) return shown
    return (await whole(shown.value.run)) ? null : { ok: false, problem: unknownRun(id) }
  }

  /** A run that was begun earlier, with the same key, may have had hosts that are out of their scope by now. */
  const shownTo = async (begun: Answer<Run>): Promise<Answer<Run>> =>
    !begun.ok || (await whole(begun.value)) ? begun : { ok: false, problem: unknownRun(begun.value.id) }

  return {
    hello: () => service.hello(),
    catalogue: async () => (powers.selector === null ? service.catalogue() : service.catalogue(await names())),
    explain: (diagnosis) => service.explain(diagnosis),

    async names(asked) {
      const { of, begins, run } = asked
      if (powers.selector === null) return service.names(asked)
      if (of === 'hosts') return hostNamesOf(await visible(), begins)
      if (of === 'labels') return labelNamesOf(await visible(), begins)
      if (of === 'groups') return run === undefined || (await whyNot(run)) ? [] : service.names(asked)
      const known = await names()
      const runs = await service.listRuns(searchedRuns)
      return runNamesOf(
        runs.filter(({ hosts }) => hosts.every(({ id }) => known.has(id))),
        begins,
      )
    },

    async listHosts(target) {
      const isAll = target.hosts === undefined && target.selector === undefined
      if (powers.selector === null) return service.listHosts(target)
      const hosts = await visible()
      return isAll ? { ok: true, value: hosts } : viewsOf(hosts, hostsMeant(hosts, target))
    },
    invite: (request) => service.invite({ ...request, by: name }),
    addHost: (request) => service.addHost({ ...request, by: name }),
    sshAccess: () => service.sshAccess(),
    removeHost: (host) => service.removeHost(host, name),

    async *diagnose(target, site, signal) {
      const hosts = await meant(target)
      if (!hosts.ok) return hosts.problem
      return yield* service.diagnose(hosts.value, site, signal)
    },

    async startRun(target, request) {
      const hosts = await meant(target)
      return hosts.ok ? shownTo(await service.startRun(hosts.value, { ...request, by: name })) : hosts
    },
    retryRun: async (id, _, key) => (await whyNot(id)) ?? shownTo(await service.retryRun(id, name, key)),
    async rollBackRun(id, request) {
      const hidden = await whyNot(id)
      if (hidden) return hidden
      const hosts = request.target.selector === undefined ? null : await meant(request.target)
      if (hosts && !hosts.ok) return hosts
      const target = hosts ? { target: hosts.value } : {}
      return shownTo(await service.rollBackRun(id, { ...request, ...target, by: name }))
    },
    async showRun(id) {
      const shown = await service.showRun(id)
      return !shown.ok || (await whole(shown.value.run)) ? shown : { ok: false, problem: unknownRun(id) }
    },
    storyOf: async (id) => (await whyNot(id)) ?? service.storyOf(id),
    async listRuns(limit) {
      if (powers.selector === null) return service.listRuns(limit)
      const known = await names()
      const runs = await service.listRuns(searchedRuns)
      return runs.filter(({ hosts }) => hosts.every(({ id }) => known.has(id))).slice(0, limit)
    },
    async *watchRun(id, from, signal) {
      const hidden = await whyNot(id)
      if (hidden) return hidden.problem
      return yield* service.watchRun(id, from, signal)
    },
    approve: async (id, digest, signature) => (await whyNot(id)) ?? service.approve(id, digest, signature),
    approvers: () => service.approvers(),
    signRequest: async (id, digest, signature) => (await whyNot(id)) ?? service.signRequest(id, digest, signature),
    breakGlass: async (id, digest, signed) => (await whyNot(id)) ?? service.breakGlass(id, digest, signed),
    presentGrant: async (id, { grant }) => (await whyNot(id)) ?? service.presentGrant(id, { by: name, grant }),
    submit: async (id, deed) => (await whyNot(id)) ?? service.submit(id, { ...deed, by: name }),
  }
}

/** The newest of the whole fleet, among which those of a part of it are looked for. */
const searchedRuns = 1000

function visibleHosts(service: ControllerService, selector: string | null): () => Promise<readonly HostRecordView[]> {
  return async () => {
    const hosts = await service.listHosts({})
    const read = selector === null ? null : readSelector(selector)
    if (!hosts.ok || !read?.ok) return []
    return hosts.value.filter(({ labels }) => selects(read.value, labels))
  }
}

function viewsOf(
  all: readonly HostRecordView[],
  meant: ReturnType<typeof hostsMeant>,
): Answer<readonly HostRecordView[]> {
  if (!meant.ok) return meant
  const ids = new Set(meant.value.map(({ id }) => id))
  return { ok: true, value: all.filter(({ id }) => ids.has(id)) }
}
