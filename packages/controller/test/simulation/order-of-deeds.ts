/** Whether a host that begins now may, by what the hosts of its change did before: told without asking the engine. */
import { shareOf, type ApplyOutcome, type HostId, type Run } from '@fleetmend/shared'
import type { Begun } from './simulated-hosts.ts'

/** An apply that really began, and what became of it. */
export interface Deed extends Begun {
  readonly wave: number
  readonly outcome: ApplyOutcome | null
  readonly probesPass: boolean
  readonly endedMs: number | null
}

export function brokenOrder(run: Run, deed: Deed, all: readonly Deed[], nowMs: number): readonly string[] {
  const group = run.groups.find(({ hosts }) => hosts.includes(deed.host))
  if (!group) return [`${deed.host} of ${run.id} has no change`]
  const isGivenUp = (host: HostId): boolean => run.hosts.find(({ id }) => id === host)?.state === 'unknown'
  const before = all.filter((each) => each.run === run.id && !isGivenUp(each.host))
  const mine = before.filter(({ host }) => group.hosts.includes(host))
  const broken: string[] = []
  const open = mine.find(({ wave, outcome }) => wave !== deed.wave && outcome === null)
  if (open)
    broken.push(`${deed.host} of ${run.id} began in wave ${deed.wave}, and ${open.host} of ${open.wave} is not done`)
  if (mine.some(({ wave }) => wave > deed.wave)) broken.push(`${deed.host} of ${run.id} began in a wave that is over`)
  const together = mine.filter(({ wave, outcome }) => wave === deed.wave && !(deed.wave === 0 && outcome === 'refused'))
  const most = sizeOf(run, group.hosts.length, deed.wave)
  if (together.length + 1 > most)
    broken.push(`${together.length + 1} of at most ${most} hosts are in wave ${deed.wave} of ${run.id}`)
  const groupsAtWork = run.groups.filter(
    ({ hosts, key }) =>
      key === group.key || before.some(({ host, outcome }) => outcome === null && hosts.includes(host)),
  )
  if (groupsAtWork.length > run.limits.groupsAtOnce)
    broken.push(`${groupsAtWork.length} changes at work at once in ${run.id}`)
  const isPromoted = (group.promoted?.wave ?? 0) >= deed.wave
  return isPromoted || deed.wave === 0 ? broken : [...broken, ...brokenGate(run, deed, mine, nowMs)]
}

const changed = ['fixed', 'cleared-still-failing', 'inconclusive']

/** Nobody promoted it, so that the wave before must have been good, and long enough ago. */
function brokenGate(run: Run, deed: Deed, mine: readonly Deed[], nowMs: number): readonly string[] {
  const canaries = mine.filter(({ wave, outcome }) => wave === 0 && outcome !== 'refused')
  const bad = deed.wave === 1 && canaries.find((canary) => !isGood(canary))
  if (bad) return [`${deed.host} of ${run.id} follows its canary ${bad.host}, which is ${bad.outcome}`]
  const last = mine.filter(({ wave, outcome }) => wave < deed.wave && changed.includes(outcome ?? ''))
  const { between } = run.waves
  const newest = Math.max(-1, ...last.map(({ wave }) => wave))
  if (between === undefined || newest < deed.wave - 1) return []
  if (between === 'promote') return [`${deed.host} of ${run.id} began in wave ${deed.wave}, which nobody promoted`]
  const sinceMs = nowMs - Math.max(...last.filter(({ wave }) => wave === newest).map(({ endedMs }) => endedMs ?? nowMs))
  return sinceMs < between.wellForMs ? [`${deed.host} of ${run.id} began ${sinceMs} ms after the wave before it`] : []
}

/** What a person may let the rest follow: without traffic to judge by, somebody must have been answered. */
function isGood({ outcome, probesPass }: Deed): boolean {
  return outcome !== null && changed.includes(outcome) && (outcome !== 'inconclusive' || probesPass)
}

function sizeOf({ waves }: Run, hosts: number, wave: number): number {
  if (wave === 0) return shareOf(waves.canaryHosts, hosts)
  return Math.max(1, shareOf(waves.ramp?.[wave - 1] ?? waves.batchHosts, hosts))
}
